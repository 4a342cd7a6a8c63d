"""Checks the samples, or writes those that are missing: python -m tests.support.event_samples [--write]"""

import sys

from app.composition import application
from app.engine.errors import UserError
from app.engine.settings import ROOT
from domain import PROCESSES
from tests.support.event_samples import check, check_names, names, write, write_names

try:
    codec = application.codec
    commands = names(codec, PROCESSES)
except UserError as problem:
    # Without an upcast, say, there is no codec to check with.
    print(f"error: {problem}", file=sys.stderr)
    sys.exit(1)
if "--write" in sys.argv:
    for path in [*write(codec), *write_names(commands)]:
        print(f"written: {path.relative_to(ROOT)}")
problems = [*check(codec), *check_names(commands)]
for problem in problems:
    print(f"error: {problem}", file=sys.stderr)
sys.exit(2 if problems else 0)
