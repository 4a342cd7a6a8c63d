"""The shop's page in a real Chromium: buy, change one's mind, follow, look back, survive a restart; by keyboard, too."""

import re
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from statistics import median
from typing import Literal
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect

from app.composition import PAGES
from app.engine.settings import ROOT
from tests.support.browser import CHROMIUM
from tests.support.server import Server, free_port
from tests.support.tokens import TOKEN_KEY, make_token

SECONDS = 30_000
TEA, CUP = "Assam tea, 250 g", "Cup, blue glaze"
GATEWAY = '{"latency": 0.1}'
SIZES = ((390, 844), (1400, 900))
PRODUCTS = 8
CORNERS = {"customer": CUP, "staff": "Register a product", "operator": "order.line-added"}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None, reason="no Chromium on this machine; Debian: apt-get install chromium"
    ),
    pytest.mark.skipif(
        not (PAGES["/shop"] / "dist/index.html").exists(), reason="the page is not built; make graphiql"
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

    def add(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=f"Add {name} to the basket")

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def quantity(self, name: str) -> Locator:
        return self.page.get_by_role("textbox", name=f"Quantity of {name}")

    def act_as(self, role: str) -> None:
        # The switch is drawn by its label, which is in front of the radio button.
        self.page.get_by_role("radio", name=role).check(force=True)

    def has(self, name: str, quantity: int) -> None:
        """The basket has so many pieces of it; 0: no line."""
        if quantity:
            expect(self.quantity(name)).to_have_value(str(quantity), timeout=SECONDS)
        else:
            expect(self.quantity(name)).to_have_count(0, timeout=SECONDS)

    def shows(self, selector: str, text: str | re.Pattern[str]) -> None:
        expect(self.page.locator(selector)).to_contain_text(text, timeout=SECONDS)


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


def is_well(*windows: Window) -> None:
    for window in windows:
        assert window.foreign == []
        assert window.problems == []
        assert window.page.evaluate("window.loadedOnce") is True


# --- What a customer does ---------------------------------------------------


def test_a_customer_buys_undoes_redoes_and_slides_back_and_a_second_window_follows(
    window: Callable[[], Window],
) -> None:
    actor, follower = window(), window()
    actor.add(TEA).click()
    actor.add(CUP).click()
    follower.has(TEA, 1)
    follower.has(CUP, 1)
    actor.button(f"One more of {CUP}").click()
    follower.has(CUP, 2)
    actor.button("Undo").click()
    follower.has(CUP, 1)
    follower.button("Redo").click()
    actor.has(CUP, 2)
    before = actor.page.locator('.stock[data-sku="CUP-BLUE"]').inner_text()

    actor.button("Place the order").click()
    # It is bought in one window, and each step of its fulfilment comes without a reload.
    actor.shows(".order .status", "Confirmed")
    expect(actor.page.locator('.steps li:not([data-outcome="done"])')).to_have_count(0, timeout=SECONDS)
    actor.shows(".steps", re.compile(f"Reserve {CUP}.*Capture the payment.*Dispatch {TEA}", re.DOTALL))
    actor.shows(".fulfilment", "Payment captured €36.90")
    # The keyboard goes on at the order.
    expect(actor.page.locator("#order")).to_be_focused(timeout=SECONDS)
    follower.shows(".orders", "Confirmed")
    follower.shows(".basket", "Nothing in it yet.")
    left = int(re.sub(r"\D", "", before.split("in")[0])) - 2
    follower.shows('.stock[data-sku="CUP-BLUE"]', f"{left} in stock")

    follower.page.locator(".orders li button").first.click()
    follower.shows(".past h3", "version 8 of 8")
    slider = follower.page.get_by_role("slider", name="Version of the order")
    slider.fill("4")
    follower.shows('.moment[data-version="4"]', f"{CUP}: quantity 2")
    follower.shows(".differences", re.compile("/lines/1/quantity.*1.*2", re.DOTALL))
    follower.shows('.as-it-was[data-version="4"]', f"2 × {CUP}")
    slider.press("ArrowRight")
    follower.shows('.moment[data-version="5"]', f"Undone: {CUP}: quantity 1")
    follower.shows('.as-it-was[data-version="5"]', f"1 × {CUP}")
    slider.press("Home")
    follower.shows('.as-it-was[data-version="1"]', "Empty.")
    is_well(actor, follower)


def test_lines_stand_in_the_order_of_the_clicks_also_when_the_basket_is_opened_slowly(
    window: Callable[[], Window],
) -> None:
    customer = window()
    held: list[Route] = []
    customer.page.route("**/graphql", lambda route: held.append(route), times=1)
    with customer.page.expect_request("**/graphql"):
        customer.add(TEA).click()
    customer.add(CUP).click()
    customer.add("Sencha, 100 g").click()
    # Only the basket's opening is on its way: the lines wait for its answer.
    [opening] = held
    opening.continue_()
    customer.shows(".version", "Version 4")
    expect(customer.page.locator(".lines .name")).to_have_text([TEA, CUP, "Sencha, 100 g"], timeout=SECONDS)
    is_well(customer)


def test_a_purchase_needs_no_mouse(window: Callable[[], Window]) -> None:
    customer = window()
    keyboard = customer.page.keyboard

    def go_to(target: Locator) -> None:
        """With the Tab key alone. What has the focus can be seen."""
        expect(target).to_be_enabled(timeout=SECONDS)
        for _ in range(60):
            keyboard.press("Tab")
            if target.evaluate("element => element === document.activeElement"):
                assert target.evaluate("element => getComputedStyle(element).outlineStyle") == "solid"
                return
        raise AssertionError(f"the Tab key does not reach {target}")

    go_to(customer.add(TEA))
    keyboard.press("Enter")
    customer.has(TEA, 1)
    go_to(customer.button(f"One more of {TEA}"))
    keyboard.press("Space")
    customer.has(TEA, 2)
    go_to(customer.quantity(TEA))
    keyboard.press("Control+A")
    keyboard.type("3")
    keyboard.press("Enter")
    expect(customer.page.locator(".basket .total")).to_contain_text("3 pieces", timeout=SECONDS)
    go_to(customer.button("Place the order"))
    keyboard.press("Enter")
    customer.shows(".order .status", "Confirmed")
    go_to(customer.page.get_by_role("slider", name="Version of the order"))
    keyboard.press("ArrowLeft")
    customer.shows(".moment", "The order was placed")
    is_well(customer)


def test_a_declined_payment_is_shown_with_its_reason(window: Callable[[], Window]) -> None:
    customer = window()
    customer.add("Box of wonders").click()
    customer.has("Box of wonders", 1)
    customer.button("Place the order").click()
    customer.shows(".order .status", "Rejected")
    customer.shows(".order > .problem", "The payment was declined")
    customer.shows(".stages", "Rejected")
    is_well(customer)


# --- What the roles may do --------------------------------------------------


def test_each_role_is_offered_what_it_may_do_and_to_another_customer_the_order_does_not_exist(
    window: Callable[[], Window], shop: Shop, browser: Browser
) -> None:
    customer, other = window(), window()
    buttons = {name: other.button(name) for name in ("Receive", "Register", "Cancel", "Ship")}

    def offers(*names: str) -> None:
        for name, button in buttons.items():
            expect(button.first).to_be_visible(timeout=SECONDS, visible=name in names)
        expect(other.page.locator(".problem")).to_have_count(0)

    customer.add(CUP).click()
    customer.button("Place the order").click()
    customer.shows(".order .status", "Confirmed")
    order = (
        f'.orders li:has-text("{customer.page.locator("#order").inner_text().removeprefix("Order ")}") button'
    )

    other.page.locator(order).click()
    other.shows(".past", "The order was confirmed")
    offers("Cancel")
    other.act_as("operator")
    other.shows(".log", "order.confirmed")
    other.shows(".corner tbody", "order")
    other.shows(".fulfilment", "Payment captured")
    other.shows(".past", "The order was confirmed")
    expect(other.add(CUP)).to_have_count(0)
    offers()
    other.act_as("staff")
    other.page.locator(order).click()
    other.shows(".fulfilment", "Payment captured")
    other.shows(".past", "The order was confirmed")
    other.page.get_by_text("Who set what").click()
    other.shows(".blame", "/placement/lines/0/sku")
    expect(other.add(CUP)).to_have_count(0)
    offers("Receive", "Register", "Cancel", "Ship")
    card = other.page.locator(f'.product:has(h3:text-is("{CUP}"))')
    card.get_by_role("button", name="Receive").click()
    other.shows(".notices", f"10 pieces of {CUP} received.")
    other.page.get_by_label("Name", exact=True).fill(CUP)
    other.page.get_by_label("SKU").fill("CUP-BLUE")
    other.page.get_by_label("Price in euros").fill("14.00")
    other.button("Register").click()
    other.shows(".notices", f"{CUP} is on the shelf.")
    other.button("Ship").click()
    customer.shows(".order .status", "Shipped")
    offers("Receive", "Register")
    is_well(customer, other)

    with browser.new_context() as context:
        stranger = Window(context, shop, customer.page.url)
        stranger.shows(".detail", "This does not exist.")
        stranger.shows(".orders", "No orders yet.")
        is_well(stranger)


# --- Other windows, and a server that goes away -----------------------------


def test_a_change_of_another_window_is_not_overwritten_in_silence(window: Callable[[], Window]) -> None:
    late, early = window(), window()
    late.add(TEA).click()
    early.has(TEA, 1)
    held: list[Route] = []
    late.page.route("**/graphql", lambda route: held.append(route))
    with late.page.expect_request("**/graphql"):
        late.button(f"One more of {TEA}").click()
    expect(late.page.locator(".basket")).to_have_attribute("aria-busy", "true", timeout=SECONDS)
    early.add(CUP).click()
    late.has(CUP, 1)
    [command] = held
    command.continue_()
    late.page.unroute("**/graphql")
    late.shows(".notice.conflict", "changed in another window first")
    late.has(TEA, 1)
    late.button("Make my change as well").click()
    early.has(TEA, 2)
    early.has(CUP, 1)
    expect(late.page.locator(".notice")).to_have_count(0, timeout=SECONDS)
    is_well(late, early)


def test_a_command_of_a_window_waits_for_a_dead_server_and_is_carried_out_once(
    window: Callable[[], Window], shop: Shop
) -> None:
    customer, follower = window(), window()
    customer.add(CUP).click()
    follower.has(CUP, 1)
    with shop.gone():
        for each in (customer, follower):
            each.shows(".banner", "Reconnecting")
        customer.button(f"One more of {CUP}").click()
        customer.shows(".banner", "One change waits to be sent")
        # What was there last can be seen.
        customer.has(CUP, 1)
    for each in (customer, follower):
        each.has(CUP, 2)
        expect(each.page.locator(".banner")).to_have_count(0, timeout=SECONDS)
    customer.add(TEA).click()
    follower.has(TEA, 1)
    customer.shows(".version", "Version 4")
    is_well(customer, follower)


def test_an_error_is_said_in_words(window: Callable[[], Window]) -> None:
    customer = window()
    customer.act_as("staff")
    customer.page.get_by_label("Name", exact=True).fill("Another tea")
    customer.page.get_by_label("SKU").fill("TEA-ASSAM-250")
    customer.page.get_by_label("Price in euros").fill("1.00")
    customer.button("Register").click()
    customer.shows(".notice.rejected", "This SKU is registered already, with another name or price.")
    is_well(customer)


def test_a_product_is_found_by_a_part_of_its_name(window: Callable[[], Window]) -> None:
    customer = window()
    search = customer.page.get_by_role("searchbox")
    search.fill("cUP")
    expect(customer.page.locator(".product h3")).to_have_text([CUP], timeout=SECONDS)
    search.fill("no such thing")
    customer.shows(".shelf", "Nothing with this name.")
    search.fill("")
    expect(customer.page.locator(".product")).to_have_count(PRODUCTS, timeout=SECONDS)
    is_well(customer)


# --- How it looks -----------------------------------------------------------


def test_the_page_fits_each_window_and_its_text_can_be_read_in_light_and_dark(
    window: Callable[[], Window],
) -> None:
    customer = window()
    customer.add(TEA).click()
    customer.has(TEA, 1)
    customer.button("Place the order").click()
    customer.shows(".order .status", "Confirmed")
    customer.page.get_by_text("Who set what").click()
    customer.shows(".blame", "/placement/lines/0/sku")
    customer.add(CUP).click()
    customer.has(CUP, 1)
    customer.button("Close").click()
    # With the table of who set what: changing the role closes it.
    for width, height in SIZES:
        customer.page.set_viewport_size({"width": width, "height": height})
        assert customer.page.evaluate(CUT_OFF) == [], width
        assert customer.page.evaluate(SQUEEZED) == [], width
    for role, sign in CORNERS.items():
        customer.act_as(role)
        customer.shows("aside", sign)
        expect(customer.page.locator(".product")).to_have_count(PRODUCTS, timeout=SECONDS)
        for width, height in SIZES:
            customer.page.set_viewport_size({"width": width, "height": height})
            for scheme in SCHEMES:
                customer.page.emulate_media(color_scheme=scheme)
                seen = (role, width, scheme)
                assert customer.page.evaluate("document.documentElement.scrollWidth") == width, seen
                # WCAG 2.2 asks for 4.5 to 1. Disabled buttons are left out, as there.
                assert customer.page.evaluate(LOW_CONTRAST) == [], seen
                assert customer.page.evaluate(CUT_OFF) == [], seen
    is_well(customer)


CUT_OFF = """() => [...document.querySelectorAll("main *")]
  .filter((element) => element.getClientRects().length > 0 && !element.closest(".hidden, svg"))
  .filter((element) => element.getBoundingClientRect().right > innerWidth + 1
    || (getComputedStyle(element).overflowX !== "visible" && element.scrollWidth > element.clientWidth + 1))
  .map((element) => `${element.tagName} ${element.className}`)"""
# A cell of so many lines has no room for its words. The id of a customer takes six on a phone.
SQUEEZED = """() => [...document.querySelectorAll("td")]
  .filter((cell) => cell.getBoundingClientRect().height > 9 * parseFloat(getComputedStyle(cell).lineHeight))
  .map((cell) => cell.textContent)"""
LOW_CONTRAST = """() => {
  const channels = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = (color) => {
    const [red, green, blue] = channels(color).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if ((channels(color)[3] ?? 1) === 1) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const poor = [];
  for (const element of document.body.querySelectorAll("*")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || element.closest(":disabled, .hidden, script, noscript")) continue;
    const pair = [light(getComputedStyle(element).color), light(ground(element))].sort((a, b) => b - a);
    const ratio = (pair[0] + 0.05) / (pair[1] + 0.05);
    if (ratio < 4.5) poor.push(`${element.textContent.trim().slice(0, 30)}: ${ratio.toFixed(2)}`);
  }
  return poor;
}"""


# --- How fast a second window follows ---------------------------------------

NOTE_WHEN = """([name, quantity]) => new Promise((done) => {
  const look = () => {
    const input = document.querySelector(`input[aria-label="Quantity of ${name}"]`);
    return input?.value === String(quantity) ? done(Date.now()) : requestAnimationFrame(look);
  };
  look();
})"""


@pytest.mark.soak
def test_a_second_window_shows_a_change_within_200_milliseconds(window: Callable[[], Window]) -> None:
    actor, follower = window(), window()
    actor.add(CUP).click()
    follower.has(CUP, 1)
    waited: list[float] = []
    for quantity in range(2, 32):
        follower.page.evaluate(f"name => {{ window.seen = ({NOTE_WHEN})([name, {quantity}]) }}", CUP)
        clicked: float = actor.page.evaluate(
            "name => { document.querySelector(`button[aria-label='One more of ${name}']`).click(); return Date.now() }",
            CUP,
        )
        waited.append(follower.page.evaluate("window.seen") - clicked)
        actor.has(CUP, quantity)
    print(f"a second window follows: median {median(waited):.0f} ms, most {max(waited):.0f} ms")
    assert median(waited) < 200, waited


@pytest.mark.soak
def test_with_a_key_the_page_asks_for_a_token_and_its_subject_is_the_customer(
    customer: BrowserContext, database_url: str
) -> None:
    shop = Shop(database_url, APP_TOKEN_KEY=TOKEN_KEY)
    try:
        window = Window(customer, shop)
        subject = str(uuid4())
        window.page.get_by_label("Token").fill(make_token(sub=subject))
        with window.page.expect_navigation():
            window.button("Sign in").click()
        window.fill_the_shelf()
        window.add(CUP).click()
        window.has(CUP, 1)
        query = f'{{ orders(filter: {{customerId: "{subject}"}}) {{ nodes {{ lines {{ sku }} }} }} }}'
        answer = window.page.evaluate(ASK_WITH_TOKEN, query)
        assert answer["data"]["orders"]["nodes"] == [{"lines": [{"sku": "CUP-BLUE"}]}]
        assert (window.foreign, window.problems) == ([], [])
    finally:
        shop.server.close()


ASK_WITH_TOKEN = """async (query) => {
  const headers = { "content-type": "application/json", authorization: `Bearer ${sessionStorage["shop token"]}` };
  return (await fetch("/graphql", { method: "POST", headers, body: JSON.stringify({ query }) })).json();
}"""


@pytest.mark.soak
def test_the_page_says_why_a_token_does_not_help(customer: BrowserContext, database_url: str) -> None:
    shop = Shop(database_url, APP_TOKEN_KEY=TOKEN_KEY)
    try:
        window = Window(customer, shop)
        window.shows(".orders .problem", "Please sign in with a token.")

        def sign_in(token: str) -> None:
            with window.page.expect_navigation():
                window.page.get_by_label("Token").fill(token)
                window.button("Sign in").click()

        for refused in ("no token", make_token(exp=1)):
            sign_in(refused)
            window.shows(".banner", "Sign in with a new one")
        sign_in(make_token(sub=str(uuid4()), roles=["customer"]))
        window.shows(".live", "Live")
        expect(window.page.locator(".problem, .banner")).to_have_count(0, timeout=SECONDS)
        window.act_as("operator")
        window.shows(".corner .problem", "The roles of your token do not allow this.")
        window.act_as("staff")
        window.button("Fill the shelf").click()
        window.shows(".notice.error", "The roles of your token do not allow this.")
        expect(window.page.locator(".notice")).to_have_count(1)
    finally:
        shop.server.close()


# The last test of this file: the shelf is too full for the others after it.
@pytest.mark.soak
def test_a_shelf_that_is_too_full_for_one_list_asks_for_a_name(
    window: Callable[[], Window], shop: Shop
) -> None:
    customer = window()
    for first in range(0, 200, 20):
        fields = " ".join(
            f'p{number}: registerProduct(input: {{sku: "P-{number}", name: "Thing {number}",'
            ' price: {amount: "1.00"}}) { __typename }'
            for number in range(first, first + 20)
        )
        assert "errors" not in shop.server.ask(f"mutation {{ {fields} }}")
    late = Window(customer.page.context, shop)
    late.shows(".shelf .problem", "There are too many products for one list. Type a part of the name.")
    late.page.get_by_role("searchbox").fill("cup")
    expect(late.page.locator(".product h3")).to_have_text([CUP], timeout=SECONDS)
    is_well(late)
