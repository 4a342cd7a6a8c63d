"""Serves built pages, such as GraphiQL, with their content security policy."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

from starlette.responses import HTMLResponse

GRAPHIQL = Path(__file__).parents[2] / "graphiql"
PAGE = GRAPHIQL / "dist" / "index.html"
UNBUILT = GRAPHIQL / "unbuilt.html"
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; "
    "img-src 'self' data:; connect-src 'self' ws: wss:; base-uri 'none'; frame-ancestors 'none'"
)


def built_page(index: Path, header_roles: Sequence[str] | None) -> HTMLResponse:
    """The page of this `index.html`, or a page that says how to build it.

    `header_roles` are the roles that a caller may name in headers; None if the server takes no callers from headers. The
    root element of the page has them: `data-callers="headers" data-roles="customer staff"`.
    """
    # It may be built while the server runs.
    page = index if index.exists() else UNBUILT
    text = page.read_text()
    if header_roles is not None:
        roles = escape(" ".join(header_roles))
        text = text.replace("<html ", f'<html data-callers="headers" data-roles="{roles}" ', 1)
    return HTMLResponse(
        text,
        headers={"content-security-policy": CONTENT_SECURITY_POLICY, "cache-control": "no-cache"},
    )
