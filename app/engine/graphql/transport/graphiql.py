"""Serves built pages, such as GraphiQL, with their content security policy."""

from pathlib import Path

from starlette.responses import HTMLResponse

GRAPHIQL = Path(__file__).parents[2] / "graphiql"
PAGE = GRAPHIQL / "dist" / "index.html"
UNBUILT = GRAPHIQL / "unbuilt.html"
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; "
    "img-src 'self' data:; connect-src 'self' ws: wss:; base-uri 'none'; frame-ancestors 'none'"
)


def graphiql_page() -> HTMLResponse:
    """The page, or a page that says how to build it."""
    return built_page(PAGE)


def built_page(index: Path) -> HTMLResponse:
    """The page of this `index.html`, or a page that says how to build it."""
    # It may be built while the server runs.
    page = index if index.exists() else UNBUILT
    return HTMLResponse(
        page.read_text(),
        headers={"content-security-policy": CONTENT_SECURITY_POLICY, "cache-control": "no-cache"},
    )
