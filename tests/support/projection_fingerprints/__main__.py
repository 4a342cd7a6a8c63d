"""Checks the fingerprints of projections, or writes those that are missing: python -m tests.support.projection_fingerprints [--write]"""

import sys
from collections.abc import Sequence

from app.engine.application import AnyApplication
from app.engine.settings import ROOT
from tests.support.project_check import run_check
from tests.support.projection_fingerprints import FILE, check, write


def errors(application: AnyApplication) -> Sequence[str]:
    if "--write" in sys.argv:
        for name in write(application.projections):
            print(f"written: {name} in {FILE.relative_to(ROOT)}")
    return check(application.projections)


run_check(errors)
