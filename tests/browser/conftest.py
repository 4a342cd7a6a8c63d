"""A Chromium and a shop for the tests of a file."""

import os
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.browser.shop_page import Shop, Window
from tests.support.browser import CHROMIUM

QUIET = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


# Not for the session: the browser keeps an event loop running. Other files have tests with a loop of their own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    arguments = ["--no-sandbox", *QUIET] if hasattr(os, "geteuid") else QUIET
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def shop(module_database_url: str) -> Iterator[Shop]:
    shop = Shop(module_database_url)
    try:
        yield shop
    finally:
        shop.server.close()


@pytest.fixture
def customer(browser: Browser) -> Iterator[BrowserContext]:
    """A browser of one customer: all of its windows share what is kept in it."""
    context = browser.new_context(viewport={"width": 1400, "height": 900}, reduced_motion="reduce")
    yield context
    context.close()


@pytest.fixture
def window(customer: BrowserContext, shop: Shop) -> Callable[[], Window]:
    windows: list[Window] = []

    def opened() -> Window:
        windows.append(Window(customer, shop))
        windows[-1].fill_the_shelf()
        return windows[-1]

    return opened
