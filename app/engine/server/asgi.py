"""The ASGI application: the routes of the API, health and metrics."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Match, Mount, Route, Router, WebSocketRoute
from starlette.types import Receive, Scope, Send

from app.engine.application import AnyApplication
from app.engine.graphql.event_types import EventTypes
from app.engine.graphql.execution.trusted_documents import TrustedDocuments, read_documents
from app.engine.graphql.schema import Schema, build_schema
from app.engine.graphql.transport.graphiql import PAGE
from app.engine.graphql.transport.http import GraphQLEndpoint
from app.engine.server.metrics import CONTENT_TYPE
from app.engine.server.pages import PageFiles, page_routes
from app.engine.server.request_guard import RequestGuard, error_document
from app.engine.server.runtime import Runtime
from app.engine.server.security_headers import SECURITY_HEADERS, SecurityHeadersMiddleware
from app.engine.settings import EngineSettings


def documents_of(settings: EngineSettings) -> TrustedDocuments:
    """The trusted documents of a server with these settings. Raises `ConfigurationError`."""
    return read_documents(
        Path(settings.documents_dir) if settings.documents_dir else None,
        only_known=settings.documents == "known",
    )


def schema_of(
    application: AnyApplication, settings: EngineSettings, documents: TrustedDocuments
) -> tuple[Schema, EventTypes]:
    """The schema that a server with these settings serves, and the GraphQL types of its events.

    Raises `ConfigurationError` if a trusted document is not valid.
    """
    return build_schema(
        application.slices(),
        application.deciders,
        fast_executor=settings.fast_executor,
        hides_schema=settings.mode == "production",
        document_cache_bytes=settings.document_cache_bytes,
        trusted=documents,
    )


def create_app(runtime: Runtime) -> Starlette:
    """The ASGI application on a runtime. Raises `ConfigurationError` if a trusted document is not valid."""
    settings = runtime.settings
    documents = documents_of(settings)
    schema, events = schema_of(runtime.application, settings, documents)
    endpoint = GraphQLEndpoint(schema, events, runtime, documents)

    shows_operations = settings.mode == "development" and not settings.operations_port
    routes: list[BaseRoute] = [
        Route("/graphql", endpoint),
        WebSocketRoute("/graphql", endpoint),
        *(operations_routes(runtime) if shows_operations else _status_routes(runtime)),
    ]
    if settings.mode == "development":
        routes.append(Mount("/graphiql", PageFiles(PAGE.parent)))
        routes += page_routes(runtime.application.pages, runtime.authenticator.header_roles)
    return _application(routes, settings.allowed_hosts, settings.allowed_origins)


def create_operations_app(runtime: Runtime) -> Starlette:
    """The ASGI application of the operations port."""
    return _application(operations_routes(runtime), runtime.settings.allowed_hosts, ())


def operations_routes(runtime: Runtime) -> list[BaseRoute]:
    """Health with its reasons, and metrics: for operators, not for clients."""

    async def livez(_: Request) -> Response:
        return PlainTextResponse(runtime.failed or "alive", 200 if runtime.failed is None else 503)

    async def readyz(_: Request) -> Response:
        document = await runtime.health.document()
        return JSONResponse(document, 200 if document["ready"] else 503)

    async def metrics(_: Request) -> Response:
        await runtime.probe.count()
        return Response(runtime.metrics.render(), media_type=CONTENT_TYPE)

    return [Route("/livez", livez), Route("/readyz", readyz), Route("/metrics", metrics)]


def _status_routes(runtime: Runtime) -> list[BaseRoute]:
    """Health in one word: clients may know whether the server answers, not why."""

    async def livez(_: Request) -> Response:
        is_alive = runtime.failed is None
        return PlainTextResponse("alive" if is_alive else "failed", 200 if is_alive else 503)

    async def readyz(_: Request) -> Response:
        is_ready = (await runtime.health.document())["ready"]
        return PlainTextResponse("ready" if is_ready else "not ready", 200 if is_ready else 503)

    return [Route("/livez", livez), Route("/readyz", readyz)]


def _application(
    routes: Sequence[BaseRoute], allowed_hosts: tuple[str, ...], allowed_origins: tuple[str, ...]
) -> Starlette:
    app = Starlette(
        routes=routes,
        middleware=_middleware(allowed_hosts, allowed_origins),
        exception_handlers={Exception: _internal_error, ClientDisconnect: _client_has_gone},
    )
    # Starlette's redirect names a scheme. A proxy may end TLS, so the scheme that clients use is not known.
    app.router.redirect_slashes = False
    app.router.default = partial(_redirect_or_not_found, app.router)
    return app


async def _redirect_or_not_found(router: Router, scope: Scope, receive: Receive, send: Send) -> None:
    """Redirect a path that is known without its last slash. Any other is not found."""
    path = scope["path"].rstrip("/")
    if scope["type"] != "http" or path == scope["path"] or not _is_known(router, {**scope, "path": path}):
        await router.not_found(scope, receive, send)
        return
    query = scope["query_string"].decode("latin-1")
    await RedirectResponse(f"{path}?{query}" if query else path)(scope, receive, send)


def _is_known(router: Router, scope: Scope) -> bool:
    return any(route.matches(scope)[0] is not Match.NONE for route in router.routes)


def _internal_error(_: Request, error: Exception) -> Response:
    """The answer to an error that nothing has caught. The server logs it."""
    del error
    return Response(
        error_document("INTERNAL_SERVER_ERROR", "Internal error."),
        500,
        SECURITY_HEADERS,
        media_type="application/json",
    )


def _client_has_gone(_: Request, error: Exception) -> Response:
    """A client that leaves in the middle of its request is no failure. Nothing reads this answer."""
    del error
    return Response(status_code=400)


def _middleware(allowed_hosts: tuple[str, ...], allowed_origins: tuple[str, ...]) -> list[Middleware]:
    middleware = [
        Middleware(SecurityHeadersMiddleware),
        Middleware(RequestGuard, allowed_hosts=allowed_hosts, allowed_origins=allowed_origins),
    ]
    if allowed_origins:
        middleware.append(
            Middleware(
                CORSMiddleware,
                allow_origins=allowed_origins,
                allow_methods=["GET", "POST"],
                allow_headers=["*"],
                expose_headers=["Retry-After", "WWW-Authenticate"],
            )
        )
    return middleware
