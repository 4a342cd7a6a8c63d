"""Checks the fingerprints of projections, or writes those that are missing: python -m tests.support.projection_fingerprints [--write]"""

import sys

from app.engine.settings import ROOT
from projections import PROJECTIONS
from tests.support.projection_fingerprints import FILE, check, write

if "--write" in sys.argv:
    for name in write(PROJECTIONS):
        print(f"written: {name} in {FILE.relative_to(ROOT)}")
problems = check(PROJECTIONS)
for problem in problems:
    print(f"error: {problem}", file=sys.stderr)
sys.exit(2 if problems else 0)
