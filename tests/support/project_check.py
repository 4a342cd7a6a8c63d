"""Runs a check of the project: each error is one line on stderr, and any error gives exit code 2."""

import importlib
import pkgutil
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

import domain
from app.engine.application import AnyApplication
from app.engine.errors import UserError
from domain.kernel.decider import Decider
from domain.kernel.process import Process
from tests.support.event_samples.names import FOLDER
from tests.support.raised_rejections import undeclared_rejections


def run_check(find: Callable[[AnyApplication], Iterable[str]]) -> NoReturn:
    """Print what `find` says about the registered application, and exit.

    A register that lacks an aggregate with samples is named alone: what `find` says would lead to another cause.
    """
    try:
        from app.composition import application

        registered = {one.category for one in (*application.deciders, *application.processes)}
        errors = unregistered(registered)
        if not errors:
            # Raises if the declarations contradict each other.
            _ = application.codec
            errors = undeclared_rejections(application.deciders) or list(find(application))
    except UserError as error:
        errors = [str(error)]
    for error in errors:
        print(f"error: {error}", file=sys.stderr)
    sys.exit(2 if errors else 0)


def unregistered(
    registered: Collection[str], folder: Path = FOLDER, package: ModuleType = domain
) -> Sequence[str]:
    """One line for each aggregate and process with samples that the package declares and no register has."""
    released = {path.name.split(".")[0] for path in folder.glob("*.*.json")}
    if not (missing := released - {*registered}):
        return []
    return sorted(
        {
            f"{category} has samples in tests/stored, is declared in {module} and is in no register: add its line to {register} in {package.__name__}/__init__.py"
            for category, module, register in _declared(package)
            if category in missing
        }
    )


def _declared(package: ModuleType) -> Iterator[tuple[str, str, str]]:
    """Category, module and register of each aggregate and process in the modules of a package."""
    for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        items: Sequence[Any] = tuple(vars(importlib.import_module(info.name)).values())
        for item in items:
            # A module may also import those of other modules.
            if isinstance(item, Decider):
                yield item.category, item.decide.__module__, "DECIDERS"
            elif isinstance(item, Process):
                yield item.category, item.evolve.__module__, "PROCESSES"
