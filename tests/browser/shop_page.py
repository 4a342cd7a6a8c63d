"""The shop's page in Chromium for tests: a server that can be killed and a window that notes its errors."""

import re
from collections.abc import Generator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from app.composition import PAGES
from app.engine.graphiql import build
from app.engine.settings import ROOT
from tests.support.browser import CHROMIUM
from tests.support.ports import free_port
from tests.support.server import Server

SECONDS = 30_000
TEA, CUP = "Assam tea, 250 g", "Cup, blue glaze"
PRODUCTS = 8
GATEWAY = '{"latency": 0.1}'

MARKS = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None, reason="no Chromium on this machine; Debian: apt-get install chromium"
    ),
    pytest.mark.skipif(
        not build.Page("shop", PAGES["/shop"].resolve(), build.PAGE_INPUTS).is_up_to_date(),
        reason="the page is not built, or has changed; make graphiql",
    ),
]


class Shop:
    """A server on one port, which can be killed and started again."""

    def __init__(self, database_url: str, **environment: str) -> None:
        self._database_url = database_url
        self._environment = {"APP_SIMULATED_GATEWAY": GATEWAY, **environment}
        self.port = free_port()
        self.server = self.start()

    def start(self) -> Server:
        self.server = Server(self._database_url, ROOT, self.port, **self._environment).wait()
        return self.server

    @contextmanager
    def gone(self) -> Generator[None]:
        """Without a server, as after a crash: nothing is said to the clients. Then there is another one."""
        self.server.kill()
        self.server.close()
        try:
            yield
        finally:
            self.start()

    @property
    def home(self) -> str:
        return f"http://127.0.0.1:{self.port}"


class Window:
    """One window on the page. Notes what it asks of other origins, and what goes wrong in it."""

    def __init__(self, context: BrowserContext, shop: Shop, url: str | None = None) -> None:
        self.page: Page = context.new_page()
        self.page.set_default_timeout(SECONDS)
        self.foreign: list[str] = []
        self.problems: list[str] = []
        self.page.on("request", lambda request: self._asked(request.url, shop.home))
        self.page.on("pageerror", lambda problem: self.problems.append(str(problem)))
        self.page.on("console", lambda said: self._said(said.type, said.text))
        self.page.goto(url or f"{shop.home}/shop")
        expect(self.page.get_by_role("heading", name="Basket")).to_be_visible(timeout=SECONDS)
        # A reload would lose it.
        self.page.evaluate("window.loadedOnce = true")

    def _asked(self, url: str, home: str) -> None:
        if urlsplit(url).scheme in ("http", "https", "ws", "wss") and not url.replace(
            "ws://", "http://"
        ).startswith(home):
            self.foreign.append(url)

    def _said(self, kind: str, text: str) -> None:
        # Chromium itself reports each connection that a dead server refuses.
        if kind == "error" and not re.search("ERR_CONNECTION|ERR_EMPTY_RESPONSE|WebSocket connection", text):
            self.problems.append(text)

    @property
    def id(self) -> str:
        """Of the customer."""
        return self.page.evaluate("localStorage['shop customer']")

    def fill_the_shelf(self) -> None:
        """Of an empty shop, as staff: a customer may not. In one that has goods nothing happens."""
        empty = self.page.get_by_text("The shelf is empty.")
        expect(empty.or_(self.add(TEA))).to_be_visible(timeout=SECONDS)
        if empty.is_visible():
            expect(self.button("Fill the shelf")).to_have_count(0)
            self.shows(".shelf", "Staff can fill it")
            self.act_as("staff")
            self.button("Fill the shelf").click()
            self.shows('.stock[data-sku="BOX-OF-WONDERS"]', "left")
            self.act_as("customer")
        # The last one of the list.
        expect(self.add("Box of wonders")).to_be_enabled(timeout=SECONDS)

    def bring_to_front(self) -> Page:
        """A window in the background draws few frames, and a click waits for two of them: up to two seconds."""
        self.page.bring_to_front()
        return self.page

    def add(self, name: str) -> Locator:
        """The button of a product, in the window that is in front now."""
        return self.bring_to_front().get_by_role("button", name=f"Add {name} to the basket")

    def button(self, name: str) -> Locator:
        """A button, in the window that is in front now."""
        return self.bring_to_front().get_by_role("button", name=name, exact=True)

    def quantity(self, name: str) -> Locator:
        return self.page.get_by_role("textbox", name=f"Quantity of {name}")

    def act_as(self, role: str) -> None:
        # The switch is drawn by its label, which is in front of the radio button.
        self.bring_to_front().get_by_role("radio", name=role).check(force=True)

    def has(self, name: str, quantity: int) -> None:
        """The basket has so many pieces of it; 0: no line."""
        if quantity:
            expect(self.quantity(name)).to_have_value(str(quantity), timeout=SECONDS)
        else:
            expect(self.quantity(name)).to_have_count(0, timeout=SECONDS)

    def shows(self, selector: str, text: str | re.Pattern[str]) -> None:
        expect(self.page.locator(selector)).to_contain_text(text, timeout=SECONDS)


def is_well(*windows: Window) -> None:
    for window in windows:
        assert window.foreign == []
        assert window.problems == []
        assert window.page.evaluate("window.loadedOnce") is True
