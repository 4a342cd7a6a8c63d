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


def graphiql_page(*, takes_headers: bool) -> HTMLResponse:
    """The page, or a page that says how to build it. With `takes_headers` it has a switch for the roles of the caller."""
    return built_page(PAGE, takes_headers=takes_headers)


def built_page(index: Path, *, takes_headers: bool) -> HTMLResponse:
    """The page of this `index.html`, or a page that says how to build it.

    The page is told if the server takes callers from headers: its root element has `data-callers="headers"` then.
    """
    # It may be built while the server runs.
    page = index if index.exists() else UNBUILT
    text = page.read_text()
    if takes_headers:
        text = text.replace("<html ", '<html data-callers="headers" ', 1)
    return HTMLResponse(
        text,
        headers={"content-security-policy": CONTENT_SECURITY_POLICY, "cache-control": "no-cache"},
    )
