"""The ASGI application: the routes of the API, health and metrics."""

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles

from app.engine.application import AnyApplication
from app.engine.graphql.event_types import EventTypes
from app.engine.graphql.schema import Schema, build_schema
from app.engine.graphql.transport.graphiql import PAGE
from app.engine.graphql.transport.http import GraphQLEndpoint
from app.engine.server.metrics import CONTENT_TYPE
from app.engine.server.request_guard import RequestGuard, error_document
from app.engine.server.runtime import Runtime
from app.engine.server.security_headers import SECURITY_HEADERS, SecurityHeadersMiddleware
from app.engine.settings import EngineSettings


def schema_of(application: AnyApplication, settings: EngineSettings) -> tuple[Schema, EventTypes]:
    """The schema that a server with these settings serves, and the GraphQL types of its events."""
    return build_schema(
        application.slices(),
        application.deciders,
        fast_executor=settings.fast_executor,
        hides_schema=settings.mode == "production",
    )


def create_app(runtime: Runtime) -> Starlette:
    """The ASGI application on a running runtime."""
    schema, events = schema_of(runtime.application, runtime.settings)
    endpoint = GraphQLEndpoint(schema, events, runtime)

    async def livez(_: Request) -> Response:
        return PlainTextResponse(runtime.failed or "alive", 200 if runtime.failed is None else 503)

    async def readyz(_: Request) -> Response:
        document = await runtime.health.document()
        return JSONResponse(document, 200 if document["ready"] else 503)

    async def metrics(_: Request) -> Response:
        await runtime.probe.count()
        return Response(runtime.metrics.render(), media_type=CONTENT_TYPE)

    routes: list[Route | WebSocketRoute | Mount] = [
        Route("/graphql", endpoint),
        WebSocketRoute("/graphql", endpoint),
        Route("/livez", livez),
        Route("/readyz", readyz),
        Route("/metrics", metrics),
    ]
    if runtime.settings.mode == "development":
        # The page may be built while the server runs, so the folder is not checked now.
        routes.append(Mount("/graphiql", StaticFiles(directory=PAGE.parent, check_dir=False)))
    return Starlette(
        routes=routes,
        middleware=_middleware(runtime.settings.allowed_hosts, runtime.settings.allowed_origins),
        exception_handlers={Exception: _internal_error, ClientDisconnect: _client_has_gone},
    )


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
            )
        )
    return middleware
