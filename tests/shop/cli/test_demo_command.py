"""The demo drives a real server with operations that it takes, and ends cleanly."""

import asyncio
import re
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable

import pytest
import uvicorn

from app.demo.traffic import PRODUCTS
from app.engine.application import Application
from app.engine.database.connections import Database
from app.engine.server.asgi import create_app
from app.engine.server.runtime import Runtime
from app.engine.server.serve import bind_socket
from app.engine.settings import EngineSettings
from tests.support.cli import assert_user_error, next_line, run, start
from tests.support.server import DEAD_PROXY, Server
from tests.support.tokens import TOKEN_KEY, make_token


def demo(*options: str) -> subprocess.Popen[str]:
    return start("demo", *options)


def test_it_ends_after_so_many_orders_and_every_operation_was_taken(serve: Callable[..., Server]) -> None:
    server = serve(APP_POLL_SECONDS="0.05").wait()
    with demo("--url", server.url, "--rate", "50", "--orders", "40") as process:
        said, problems = process.communicate(timeout=60)
    assert (process.returncode, problems) == (0, "")
    counted = {
        what: int(number.replace(",", ""))
        for number, what in re.findall(r"(\d[\d,]*) ([\w ]+)", said.splitlines()[-1])
    }
    assert counted["orders"] == 40
    assert not [what for what in counted if what.startswith("error")]

    position = server.ask("{ position }")["data"]["position"]
    answer = server.ask(
        "query($p: Position!) { products(first: 50, minPosition: $p) { nodes { sku } } orders(first: 50, minPosition: $p) { nodes { status } } }",
        {"p": position},
    )
    assert "errors" not in answer
    data = answer["data"]
    assert {node["sku"] for node in data["products"]["nodes"]} == {sku for sku, _, _ in PRODUCTS}
    assert len(data["orders"]["nodes"]) == 40
    statuses = Counter(node["status"] for node in data["orders"]["nodes"])
    # Each order ends. Shipped is what was confirmed, and everything that was asked for was allowed.
    assert statuses["SHIPPED"]
    assert statuses.keys() <= {"SHIPPED", "CANCELLED", "REJECTED"}
    assert not [what for what in counted if what.startswith("rejected ") and what != "rejected ORDER_ENDED"]
    shipped = server.ask('{ events(filter: {types: ["order.confirmed"]}, first: 100) { nodes { type } } }')[
        "data"
    ]["events"]["nodes"]
    assert len(shipped) >= statuses["SHIPPED"]
    assert 0 < counted["events"] <= int(position)


def test_a_second_run_finds_the_products_there(serve: Callable[..., Server]) -> None:
    server = serve().wait()
    for _ in range(2):
        with demo("--url", server.url, "--rate", "50", "--orders", "3") as process:
            said, problems = process.communicate(timeout=60)
        assert (process.returncode, problems) == (0, "")
        assert "SKU_TAKEN" not in said


def test_a_server_on_this_machine_is_reached_without_the_proxy_of_the_environment(
    serve: Callable[..., Server],
) -> None:
    ended = run("demo", "--url", serve().wait().url, "--orders", "1", **DEAD_PROXY)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.long
def test_ctrl_c_ends_it_with_a_summary_and_no_traceback(serve: Callable[..., Server]) -> None:
    server = serve().wait()
    with demo("--url", server.url, "--rate", "20") as process:
        assert next_line(process).startswith("driving ")
        assert "orders" in next_line(process)
        process.send_signal(signal.SIGINT)
        said, problems = process.communicate(timeout=30)
    assert (process.returncode, problems) == (0, "")
    assert "mutations" in said.splitlines()[-1]


def test_a_server_that_goes_away_is_one_line_and_exit_code_2(serve: Callable[..., Server]) -> None:
    server = serve().wait()
    with demo("--url", server.url, "--rate", "20") as process:
        assert next_line(process).startswith("driving ")
        assert "orders" in next_line(process)
        server.kill()
        _, problems = process.communicate(timeout=30)
    assert process.returncode == 2
    assert re.fullmatch(r"error: the API at .* is gone .*\n", problems)


def test_no_server_and_no_url_are_one_line_and_exit_code_2() -> None:
    for url, said in (
        ("http://127.0.0.1:1/graphql", "no API answers at"),
        ("ftp://localhost/graphql", "not a URL like"),
        ("http://[::1", "not a URL like"),
    ):
        with demo("--url", url, "--orders", "1") as process:
            _, problems = process.communicate(timeout=30)
        assert process.returncode == 2
        assert problems.startswith("error: ")
        assert said in problems
        assert len(problems.splitlines()) == 1


async def test_a_token_that_is_missing_refused_or_expired_is_one_line_and_exit_code_2(
    serve: Callable[..., Server],
) -> None:
    url = serve(APP_TOKEN_KEY=TOKEN_KEY, APP_TOKEN_LEEWAY_SECONDS="0").wait().url
    expired = make_token(exp=time.time() - 600)
    for options, said in (
        ((), "the API refuses the subscription of the demo: "),
        (("--token", "nonsense"), "the API refuses the token (malformed)"),
        (("--token", expired), "the API refuses the token (expired)"),
    ):
        assert_user_error(await asyncio.to_thread(run, "demo", "--url", url, *options), said)
    expiring = ("--token", make_token(exp=time.time() + 6), "--rate", "1")
    assert_user_error(
        await asyncio.to_thread(run, "demo", "--url", url, *expiring), "the API refuses the token (expired)"
    )


async def test_a_server_without_the_shop_is_one_line_and_exit_code_2(database: Database) -> None:
    settings = EngineSettings(database_url=database.url, port=0, pool_size=4)
    runtime = Runtime(Application(settings=EngineSettings), settings, database)
    with bind_socket(settings) as listener:
        async with runtime.run():
            server = uvicorn.Server(
                uvicorn.Config(create_app(runtime), loop="asyncio", lifespan="off", log_config=None)
            )
            serving = asyncio.create_task(server.serve(sockets=[listener]))
            url = f"http://127.0.0.1:{listener.getsockname()[1]}/graphql"
            try:
                result = await asyncio.to_thread(run, "demo", "--url", url)
            finally:
                runtime.stop()
                server.should_exit = True
                await serving
    assert_user_error(result, "this API has no shop")
