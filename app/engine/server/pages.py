"""Routes of the pages that an application registers."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import override

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from app.engine.graphql.transport.graphiql import built_page


class PageFiles(StaticFiles):
    """The files of a page. The page may be built while the server runs: without its folder each file is a 404."""

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder, check_dir=False)
        self._folder = folder

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Starlette answers both with 500.
        if "\0" in scope["path"] or not self._folder.is_dir():
            await PlainTextResponse("Not Found", 404)(scope, receive, send)
            return
        await super().__call__(scope, receive, send)


def page_routes(pages: Mapping[str, Path], header_roles: Sequence[str] | None) -> list[Route | Mount]:
    """For each path the page that is built in `dist` of its folder, and its files below `<path>/assets`.

    `header_roles` as for `built_page`.
    """
    return [
        route for path, folder in pages.items() for route in _routes_of(path, folder / "dist", header_roles)
    ]


def _routes_of(path: str, dist: Path, header_roles: Sequence[str] | None) -> list[Route | Mount]:
    async def page(_: Request) -> Response:
        return built_page(dist / "index.html", header_roles)

    return [Route(path, page), Mount(f"{path}/assets", PageFiles(dist / "assets"))]
