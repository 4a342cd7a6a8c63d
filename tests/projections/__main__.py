"""Checks the fingerprints of projections, or writes those that are missing: python -m tests.projections [--write]"""

import sys

from projections import PROJECTIONS
from tests.projections import FILE, check, write

if "--write" in sys.argv:
    for name in write(PROJECTIONS):
        print(f"written: {name} in {FILE.relative_to(FILE.parent.parent.parent)}")
problems = check(PROJECTIONS)
for problem in problems:
    print(f"error: {problem}", file=sys.stderr)
sys.exit(2 if problems else 0)
