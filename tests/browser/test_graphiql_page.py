"""GraphiQL in a real Chromium: everything comes from the server itself, and what one window does another one sees."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from app.engine.graphiql import build
from tests.support.browser import CHROMIUM
from tests.support.server import Server

SECONDS = 30_000
OPEN_TAB = "JSON.parse(localStorage[Object.keys(localStorage).find(key => key.endsWith('tabState'))] ?? '{}').activeTabIndex + 1"
MODEL = "name => __MONACO.editor.getModels().find(model => model.uri.path.endsWith(name))?.getValue() ?? ''"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None, reason="no Chromium on this machine; Debian: apt-get install chromium"
    ),
    pytest.mark.skipif(
        not build.Page("GraphiQL", build.HERE, build.GRAPHIQL_INPUTS).is_up_to_date(),
        reason="GraphiQL is not built, or has changed; make graphiql",
    ),
]


class Window:
    """One window on GraphiQL. Notes what it asks of other origins, and what goes wrong in it."""

    def __init__(self, browser: Browser, server: Server) -> None:
        self.page: Page = browser.new_context(viewport={"width": 1400, "height": 900}).new_page()
        self.foreign: list[str] = []
        self.problems: list[str] = []
        home = f"http://127.0.0.1:{server.port}"
        self.page.on("request", lambda request: self._asked(request.url, home))
        self.page.on(
            "console", lambda said: self.problems.append(said.text) if said.type == "error" else None
        )
        self.page.on("pageerror", lambda problem: self.problems.append(str(problem)))
        self.page.goto(f"{home}/graphql")
        expect(self.page.get_by_role("tab").first).to_be_visible(timeout=SECONDS)
        self._open(6)

    def _asked(self, url: str, home: str) -> None:
        if urlsplit(url).scheme in ("http", "https", "ws", "wss") and not url.replace(
            "ws://", "http://"
        ).startswith(home):
            self.foreign.append(url)

    def run(self, number: int) -> None:
        """Open a tab, counted from 1, and press the button."""
        self._open(number)
        self.page.locator(".graphiql-execute-button").click()

    def _open(self, number: int) -> None:
        """The page takes up what its editor shows after a pause of its own; its store says when it has."""
        self.page.locator(".graphiql-tab-button").nth(number - 1).click()
        self.page.wait_for_function(f"number => ({OPEN_TAB}) === number", arg=number, timeout=SECONDS)

    def shows(self, *texts: str) -> None:
        for text in texts:
            # The editor draws only the lines in view; its model holds them all.
            self.page.wait_for_function(
                f"text => ({MODEL})('response.json').includes(text)", arg=text, timeout=SECONDS
            )


def test_a_mutation_in_one_window_shows_up_in_a_subscription_in_another_and_nothing_leaves_the_origin(
    browser: Browser, serve: Callable[..., Server]
) -> None:
    server = serve().wait()
    follower, actor = Window(browser, server), Window(browser, server)
    follower.run(5)
    actor.run(1)
    actor.shows("ProductAccepted", "Green tea")
    follower.shows("product.registered")
    actor.run(2)
    actor.shows('"onHand": 100')
    follower.shows("product.stock-received")
    actor.run(3)
    actor.shows("OrderAccepted", "PLACED")
    follower.shows("order.placed")
    actor.run(4)
    actor.shows("TEA-1", "Green tea")
    actor.page.get_by_label("Act as").select_option("staff")
    with actor.page.expect_request(lambda request: request.headers.get("x-roles") == "staff") as sent:
        actor.run(4)
    assert sent.value.headers["x-actor"] == "staff"
    for window in (follower, actor):
        assert window.foreign == []
        assert window.problems == []
