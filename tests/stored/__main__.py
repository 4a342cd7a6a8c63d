"""Checks the samples, or writes those that are missing: python -m tests.stored [--write]"""

import sys

from app.settings import Mistake
from app.store.codec import registered
from domain import PROCESSES
from tests.stored import FOLDER, check, check_names, names, write, write_names

try:
    codec = registered()
    commands = names(codec, PROCESSES)
except Mistake as problem:
    # Without an upcast, say, there is no codec to check with.
    print(f"error: {problem}", file=sys.stderr)
    sys.exit(1)
if "--write" in sys.argv:
    for path in [*write(codec), *write_names(commands)]:
        print(f"written: {path.relative_to(FOLDER.parent.parent)}")
problems = [*check(codec), *check_names(commands)]
for problem in problems:
    print(f"error: {problem}", file=sys.stderr)
sys.exit(2 if problems else 0)
