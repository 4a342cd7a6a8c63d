"""Looks for known weaknesses of the locked packages: `python -m tests.support.advisories`, a part of `make check`.

Advisories come from the package index. Without a connection to it the audit is skipped, and says so.
Any other failure of the audit ends it with exit code 1.
"""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from app.engine.settings import ROOT

LOCK = "requirements-dev.lock"
"""It has the packages of the server, too."""
TIMEOUT_SECONDS = 120
NO_CONNECTION = (
    "Could not connect to PyPI",
    "PyPI is not redirecting properly",
    "requests.exceptions.ConnectionError",
    "requests.exceptions.ReadTimeout",
    "requests.exceptions.SSLError",
    "requests.exceptions.ProxyError",
)
"""Words in the errors of pip-audit if it cannot reach the index."""


def judge(report: Mapping[str, Any]) -> tuple[bool, Sequence[str]]:
    """Whether the packages of a report of pip-audit may be used, and what to tell."""
    packages: Sequence[Mapping[str, Any]] = report["dependencies"]
    audited = [package for package in packages if "vulns" in package]
    if not audited:
        return True, [f"audit of {len(packages)} packages skipped: the index has no advisories here"]
    weak = [
        f"{package['name']} {package['version']}: {weakness['id']}, fixed in {', '.join(weakness['fix_versions']) or 'no version yet'}"
        for package in audited
        for weakness in package["vulns"]
    ]
    return not weak, weak or [f"audit: {len(audited)} packages without an advisory"]


def audit() -> tuple[bool, Sequence[str]]:
    """The verdict on the locked packages."""
    command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes", "-r", LOCK]
    options = ["--format", "json", "--progress-spinner", "off", "--timeout", "5"]
    try:
        result = subprocess.run(
            [*command, *options],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return True, ["audit skipped: the index does not answer"]
    return verdict(result.stdout, result.stderr)


def verdict(output: str, errors: str) -> tuple[bool, Sequence[str]]:
    """The verdict by what pip-audit has printed. It reports no result at all if it cannot reach the index."""
    if output.startswith("{"):
        return judge(json.loads(output))
    last = (errors.strip().splitlines() or ["no output"])[-1]
    if any(words in errors for words in NO_CONNECTION):
        return True, [f"audit skipped: {last}"]
    return False, [f"audit failed: {last}"]


def main() -> None:
    """Exit code 1 if a package has a weakness, or if the audit fails for another reason than its connection."""
    sound, lines = audit()
    print("\n".join(lines))
    sys.exit(0 if sound else 1)


if __name__ == "__main__":
    main()
