"""A package with a known weakness stops `make check`; without advisories the audit says that it was skipped."""

import pytest

from tests.support.advisories import judge, verdict


def test_a_package_with_an_advisory_is_named_with_the_version_that_fixes_it() -> None:
    weakness = {"id": "PYSEC-2026-1", "fix_versions": ["1.2"]}
    sound, lines = judge(
        {
            "dependencies": [
                {"name": "a", "version": "1.1", "vulns": [weakness]},
                {"name": "b", "version": "1", "vulns": []},
            ]
        }
    )
    assert (sound, lines) == (False, ["a 1.1: PYSEC-2026-1, fixed in 1.2"])


def test_packages_without_an_advisory_pass() -> None:
    sound, lines = judge({"dependencies": [{"name": "b", "version": "1", "vulns": []}]})
    assert (sound, lines) == (True, ["audit: 1 packages without an advisory"])


def test_an_index_without_advisories_is_told() -> None:
    sound, lines = judge({"dependencies": [{"name": "b", "skip_reason": "not found"}]})
    assert sound
    assert "skipped" in lines[0]


@pytest.mark.parametrize(
    ("errors", "lines"),
    [
        (
            "ERROR:pip_audit._cli:Could not connect to PyPI's vulnerability feed\nERROR:pip_audit._cli:Tip: it is blocked",
            (True, ["audit skipped: ERROR:pip_audit._cli:Tip: it is blocked"]),
        ),
        (
            "Traceback (most recent call last):\nrequests.exceptions.ConnectionError: Max retries exceeded",
            (True, ["audit skipped: requests.exceptions.ConnectionError: Max retries exceeded"]),
        ),
        (
            "/usr/bin/python: No module named pip_audit",
            (False, ["audit failed: /usr/bin/python: No module named pip_audit"]),
        ),
        ("", (False, ["audit failed: no output"])),
    ],
    ids=["no connection", "connection lost", "not installed", "silent"],
)
def test_an_audit_without_a_result_is_skipped_only_if_it_has_no_connection(
    errors: str, lines: tuple[bool, list[str]]
) -> None:
    assert verdict("", errors) == lines
