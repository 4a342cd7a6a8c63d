"""Checks the samples, or writes those that are missing: python -m tests.support.event_samples [--write]"""

import sys
from collections.abc import Sequence

from app.engine.application import AnyApplication
from app.engine.settings import ROOT
from tests.support.event_samples import check, write
from tests.support.event_samples.names import check_names, current_names, refused_names, write_names
from tests.support.project_check import run_check


def errors(application: AnyApplication) -> Sequence[str]:
    codec = application.codec
    # A file of a name makes it a released one.
    if refused := refused_names(codec):
        return refused
    names = current_names(codec, application.deciders, application.processes)
    if "--write" in sys.argv:
        for path in [*write(codec), *write_names(names)]:
            print(f"written: {path.relative_to(ROOT)}")
    return [*check(codec), *check_names(names)]


run_check(errors)
