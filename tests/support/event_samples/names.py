"""One file per category, <category>.names.json: the released names of commands, calls and notes, and rejection codes.

The database and the clients hold these names, so the code reads each of them forever. `make check` runs `check_names`,
`make samples` runs `write_names`.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from app.engine.processes.codec import ProcessCodec
from app.engine.settings import ROOT
from app.engine.store.codec import EventCodec
from app.engine.store.stored_names import FORM_RULE, WORDS
from domain.kernel.decider import AnyDecider, code_of
from domain.kernel.process import AnyProcess

FOLDER = ROOT / "tests" / "stored"
SUFFIX = ".names.json"
WRITE = "run make samples and commit what that writes"

type Names = Mapping[str, Mapping[str, Mapping[str, str]]]
"""By category and kind: every name that the code reads, with the stored name of today. A code stands for itself."""


def refused_names(codec: EventCodec, folder: Path = FOLDER) -> Sequence[str]:
    """One line for each category and event with a name of another form. A name with a file in the folder is released: it
    stays, because the log has it."""
    categories = {path.name.split(".")[0] for path in folder.glob("*.*.json")}
    events = {path.name.rsplit(".", 2)[0] for path in folder.glob("*.[0-9]*.json")}
    errors = [
        f"the category {category!r} is part of stored names: {FORM_RULE}"
        for category in codec.commands
        if category not in categories and not re.fullmatch(WORDS, category)
    ]
    for name, event_type in codec.event_types.items():
        category, _, verb = name.partition(".")
        if name not in events and not re.fullmatch(WORDS, verb):
            errors.append(f"{event_type.__qualname__} of {category} is stored as {name!r}: {FORM_RULE}")
    return errors


def current_names(
    codec: EventCodec, deciders: Iterable[AnyDecider], processes: Iterable[AnyProcess]
) -> Names:
    """Every name of a command, call or note that this code reads, and every rejection code that it can give."""
    names: dict[str, dict[str, Mapping[str, str]]] = {}
    for decider in deciders:
        classes = codec.commands[decider.category]
        codes = sorted(code_of(rule) for rule in decider.rejections)
        names[decider.category] = {
            "command": {name: command_type.stored.name for name, command_type in classes.items()},
            "rejection": dict(zip(codes, codes, strict=True)),
        }
    for process in processes:
        names.setdefault(process.category, {}).update(ProcessCodec(process, ()).released)
    return {category: _without_empty(kinds) for category, kinds in names.items() if _without_empty(kinds)}


def write_names(names: Names, folder: Path = FOLDER) -> Sequence[Path]:
    """Add the names that are missing and return the changed files. Names in a file stay as they are."""
    written: list[Path] = []
    released, damaged = _released(folder)
    for category, kinds in names.items():
        before = released.get(category, {})
        lines = {
            kind: dict(sorted({**kinds.get(kind, {}), **before.get(kind, {})}.items()))
            for kind in sorted({*kinds, *before})
        }
        if lines != before and category not in damaged:
            path = folder / f"{category}{SUFFIX}"
            path.write_text(json.dumps(lines, indent=2) + "\n")
            written.append(path)
    return written


def check_names(names: Names, folder: Path = FOLDER) -> Sequence[str]:
    """One line for each error, with what to do."""
    released, damaged = _released(folder)
    errors = list(damaged.values())
    for category, kinds in released.items():
        for kind, lines in kinds.items():
            known = names.get(category, {}).get(kind, {})
            for name, stored in lines.items():
                if error := _lost(kind, category, name, stored, known):
                    errors.append(error)
    errors += [
        f"{kind} {category}: {name} has no line in {category}{SUFFIX}: {WRITE}"
        for category, kinds in names.items()
        if category not in damaged
        for kind, known in kinds.items()
        for name in known
        if name not in released.get(category, {}).get(kind, {})
    ]
    return errors


def _released(folder: Path) -> tuple[Names, Mapping[str, str]]:
    """The names in the files, and by category the error of each file that cannot be read."""
    released: dict[str, Mapping[str, Mapping[str, str]]] = {}
    damaged: dict[str, str] = {}
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        category = path.name.removesuffix(SUFFIX)
        try:
            released[category] = {
                kind: dict(lines.items()) for kind, lines in json.loads(path.read_text()).items()
            }
        except (ValueError, AttributeError) as error:
            damaged[category] = f"{path.name} cannot be read ({error}): restore it from the history"
    return released, damaged


def _lost(kind: str, category: str, name: str, stored: str, known: Mapping[str, str]) -> str | None:
    """The error if the code does not read a released name, or reads it as something else."""
    if name not in known and kind == "rejection":
        return f'{kind} {category}: no rule has the code {name} any more: keep its class, or add code="{name}" to the one that takes its place'
    if name not in known:
        return f'{kind} {category}: no class reads {name} any more: keep its class, or add formerly=("{name}",) to the one that takes its place'
    if known[name] != known.get(stored):
        return f"{kind} {category}: {name} is read as {known[name]} and was released as {stored}: a stored name is never reused"
    return None


def _without_empty(kinds: Mapping[str, Mapping[str, str]]) -> Mapping[str, Mapping[str, str]]:
    return {kind: known for kind, known in kinds.items() if known}
