"""Checks the samples, or writes those that are missing: python -m tests.support.event_samples [--write]"""

import sys

from app.composition import application
from app.engine.errors import UserError
from app.engine.settings import ROOT
from tests.support.event_samples import check, write
from tests.support.event_samples.names import check_names, current_names, write_names

try:
    codec = application.codec
    names = current_names(codec, application.deciders, application.processes)
except UserError as error:
    # No codec can be built, for example because an upcast is missing.
    print(f"error: {error}", file=sys.stderr)
    sys.exit(1)
if "--write" in sys.argv:
    for path in [*write(codec), *write_names(names)]:
        print(f"written: {path.relative_to(ROOT)}")
errors = [*check(codec), *check_names(names)]
for error in errors:
    print(f"error: {error}", file=sys.stderr)
sys.exit(2 if errors else 0)
