"""A package with a known weakness stops `make check`; without advisories the audit says that it was skipped."""

from tests.support.advisories import judge


def test_a_package_with_an_advisory_is_named_with_the_version_that_mends_it() -> None:
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
