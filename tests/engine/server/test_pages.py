"""Pages of an application: they are served with the policy of GraphiQL, and built with its packages, each by itself."""

import json
import os
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette

from app.engine.graphiql import build
from app.engine.graphql.transport.graphiql import CONTENT_SECURITY_POLICY
from app.engine.server.pages import page_routes
from app.engine.settings import ROOT

HTML = '<link href="/mine/page.css"><script type="module" src="/mine/page.js"></script>'
PROGRAM = """
import "./page.css";
import { createRoot } from "react-dom/client";
import { greeting } from "../words";
const name: string = "page";
createRoot(document.body).render(<p>{greeting} {name}</p>);
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a page, with a file above it that several pages may share."""
    folder = tmp_path / "pages" / "mine"
    folder.mkdir(parents=True)
    (folder / "index.html").write_text(HTML)
    (folder / "page.tsx").write_text(PROGRAM)
    (folder / "page.css").write_text("p { color: red }")
    (folder.parent / "words.ts").write_text('export const greeting = "Good morning";')
    return folder


# --- Served -----------------------------------------------------------------


@pytest.fixture
async def client(folder: Path) -> AsyncIterator[httpx2.AsyncClient]:
    app = Starlette(routes=page_routes({"/mine": folder}, ["clerk", "auditor"]))
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=app), base_url="http://localhost"
    ) as client:
        yield client


async def test_a_page_that_is_not_built_says_how_to_build_it_and_needs_no_restart_after_that(
    client: httpx2.AsyncClient, folder: Path
) -> None:
    unbuilt = await client.get("/mine")
    assert (unbuilt.status_code, "make graphiql" in unbuilt.text) == (200, True)
    assert (await client.get("/mine/assets/page.js")).status_code == 404
    (folder / "dist" / "assets").mkdir(parents=True)
    (folder / "dist" / "index.html").write_text('<html lang="en">mine</html>')
    (folder / "dist" / "assets" / "page.js").write_text("1")
    page = await client.get("/mine")
    assert page.text == '<html data-callers="headers" data-roles="clerk auditor" lang="en">mine</html>'
    assert page.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert page.headers["cache-control"] == "no-cache"
    assert (await client.get("/mine/assets/page.js")).text == "1"


async def test_a_page_is_told_whether_the_server_takes_callers_from_headers(folder: Path) -> None:
    (folder / "dist").mkdir()
    (folder / "dist" / "index.html").write_text('<html lang="en">mine</html>')
    for header_roles in (["clerk"], [], None):
        app = Starlette(routes=page_routes({"/mine": folder}, header_roles))
        async with httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=app), base_url="http://localhost"
        ) as client:
            assert ('data-callers="headers"' in (await client.get("/mine")).text) is (
                header_roles is not None
            )


async def test_nothing_but_the_page_and_its_assets_is_served(
    client: httpx2.AsyncClient, folder: Path
) -> None:
    (folder / "dist" / "assets").mkdir(parents=True)
    (folder / "dist" / "inputs.sha256").write_text("1")
    for path in (
        "/mine/page.tsx",
        "/mine/inputs.sha256",
        "/mine/assets/../inputs.sha256",
        "/mine/assets/%2e%2e/inputs.sha256",
        "/mine/assets/%00",
    ):
        assert (await client.get(path)).status_code == 404, path


def test_an_application_without_pages_has_no_route() -> None:
    assert page_routes({}, ["clerk"]) == []


# --- Built ------------------------------------------------------------------

needs_packages = pytest.mark.skipif(
    not build.PACKAGES_STAMP.exists() or build.find_node() is None,
    reason="the npm packages are not installed, or no Node.js is; make graphiql",
)


def page_of(folder: Path) -> build.Page:
    return build.Page("mine", folder, build.PAGE_INPUTS)


def program(folder: Path) -> str:
    [script] = (folder / "dist" / "assets").glob("page-*.js")
    return script.read_text()


def tabs_of(folder: Path) -> list[dict[str, str]]:
    node = build.find_node()
    assert node is not None
    script = f"import {{ readTabs }} from '{build.HERE}/tabs.mjs'; console.log(JSON.stringify(readTabs('{folder}')))"
    read = subprocess.run(
        [*node.node, "--input-type=module", "--eval", script], capture_output=True, text=True, check=True
    )
    return json.loads(read.stdout)


@needs_packages
def test_the_tabs_of_graphiql_are_files_in_order_and_their_variables_are_optional(tmp_path: Path) -> None:
    (tmp_path / "2-count.graphql").write_text("{ position }\n")
    (tmp_path / "1-add.graphql").write_text("mutation { add }\n")
    (tmp_path / "1-add.json").write_text('{"by": 2}\n')
    assert tabs_of(tmp_path) == [
        {"query": "mutation { add }", "variables": '{"by": 2}'},
        {"query": "{ position }", "variables": ""},
    ]


def test_a_changed_tab_is_a_reason_to_build_graphiql_again_and_other_files_next_to_it_are_not(
    tmp_path: Path,
) -> None:
    graphiql, tabs = tmp_path / "engine" / "graphiql", tmp_path / "web" / "graphiql"
    graphiql.mkdir(parents=True)
    (tabs / "drafts.graphql.d").mkdir(parents=True)
    page = build.Page("GraphiQL", graphiql, build.GRAPHIQL_INPUTS)
    seen = [page.fingerprint()]
    for name in ("1-add.graphql", "1-add.json"):
        (tabs / name).write_text(name)
        seen.append(page.fingerprint())
    (tabs / "1-add.graphql").write_text("{ position }")
    seen.append(page.fingerprint())
    assert len(set(seen)) == 4
    (tabs / "README.md").write_text("words")
    assert page.fingerprint() == seen[-1]


@needs_packages
def test_without_tabs_of_its_own_graphiql_opens_with_a_query_that_says_where_they_go(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        [tab] = tabs_of(folder)
        assert "app/web/graphiql/*.graphql" in tab["query"]
        assert "position" in tab["query"]


@needs_packages
def test_a_page_is_built_once_and_again_when_a_file_of_it_changes(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    graphiql = build.Page("GraphiQL", build.HERE, build.GRAPHIQL_INPUTS).fingerprint()
    assert build.built(page_of(folder))
    assert "mine: building" in capsys.readouterr().out
    html = (folder / "dist" / "index.html").read_text()
    [style] = (folder / "dist" / "assets").glob("page-*.css")
    assert f'"/mine/assets/{style.name}"' in html
    assert "Good morning" in program(folder)
    assert build.built(page_of(folder))
    assert capsys.readouterr().out == "mine: up to date\n"
    # Also a file that it shares with other pages.
    (folder.parent / "words.ts").write_text('export const greeting = "Good evening";')
    assert build.built(page_of(folder))
    assert "Good evening" in program(folder)
    assert build.Page("GraphiQL", build.HERE, build.GRAPHIQL_INPUTS).fingerprint() == graphiql


@needs_packages
def test_a_page_with_an_error_leaves_the_former_one_and_says_why_in_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "dist").mkdir()
    (folder / "dist" / "index.html").write_text("the former one")
    (folder / "page.tsx").write_text('import { gone } from "./gone";\nconsole.log(gone);')
    assert not build.built(page_of(folder))
    assert capsys.readouterr().err == 'mine was not built: Could not resolve "./gone"\n'
    assert (folder / "dist" / "index.html").read_text() == "the former one"
    assert not (folder / "dist.part").exists()


def test_a_folder_without_a_page_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert not build.built(page_of(tmp_path))
    assert capsys.readouterr().err == f"mine was not built: {tmp_path} has no index.html\n"


def git(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    # A hook of git hands down the repository that it is in.
    env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return subprocess.run(["git", *arguments], cwd=root, env=env, capture_output=True, text=True, check=False)


def built_files(root: Path) -> list[str]:
    """The files of pages that are built, and of their packages, that git has."""
    patterns = [f":(glob)**/{folder}/**" for folder in ("dist", "node_modules")]
    listed = git(root, "ls-files", "--", *patterns)
    if listed.returncode:
        pytest.skip(f"no git checkout: {listed.stderr.strip()}")
    return listed.stdout.splitlines()


def test_no_built_page_is_in_the_repository(tmp_path: Path) -> None:
    committed = [
        "app/web/mine/dist/assets/page.js",
        "app/web/mine/dist/index.html",
        "node_modules/a/index.js",
    ]
    for path in (*committed, "app/web/mine/index.html"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "--all", "--force")
    assert built_files(tmp_path) == committed
    assert built_files(ROOT) == []
