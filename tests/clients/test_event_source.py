"""EventSource of a real Chromium resumes by itself: it sends the id of the last frame as Last-Event-ID."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.clients.products import register
from tests.support.browser import CHROMIUM
from tests.support.server import Server

PATIENCE = 60_000
QUERY = "subscription Events($after: Position) { events(after: $after) { position } }"
FOLLOW = """address => {
  window.positions = [];
  const source = new EventSource(address);
  source.addEventListener("next", ({ data }) => positions.push(Number(JSON.parse(data).data.events.position)));
}"""

pytestmark = [
    pytest.mark.clients,
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None, reason="no Chromium on this machine; Debian: apt-get install chromium"
    ),
]


@pytest.fixture
def page() -> Iterator[Page]:
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=quiet)
        yield browser.new_page()
        browser.close()


def test_event_source_in_a_browser_gets_every_event_once_over_a_kill_of_the_server(
    page: Page, database_url: str
) -> None:
    with ExitStack() as servers:
        first = Server(database_url)
        servers.callback(first.close)
        register(first.wait(), "FIRST")
        # A page of the same origin that runs nothing of its own.
        page.goto(f"http://127.0.0.1:{first.port}/livez")
        variables = json.dumps({"after": "0"})
        page.evaluate(FOLLOW, f"{first.url}?{urlencode({'query': QUERY, 'variables': variables})}")
        register(first, "SECOND")
        page.wait_for_function("positions.length === 2", timeout=PATIENCE)
        first.kill()
        second = Server(database_url, port=first.port)
        servers.callback(second.close)
        second.wait()
        head = max(register(second, f"LATER-{number}") for number in range(3))
        page.wait_for_function("head => positions.includes(head)", arg=head, timeout=PATIENCE)
        assert page.evaluate("positions") == list(range(1, head + 1))
