"""Tests of the folds; and what each version of a projection was like when it was written down, in fingerprints.json.

`make check` runs `check`, `make samples` runs `write`.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from app.engine.projector.fingerprint import fingerprint
from app.engine.settings import ROOT
from projections.kernel import AnyProjection

FILE = ROOT / "tests" / "stored" / "fingerprints.json"


def known(file: Path = FILE) -> Mapping[str, str]:
    return json.loads(file.read_text()) if file.exists() else {}


def check(projections: Sequence[AnyProjection], file: Path = FILE) -> list[str]:
    """One line for each projection that is not what was written down under its version."""
    written, said = known(file), list[str]()
    for each in projections:
        name, version = each.table.name, each.version
        if name not in written:
            said.append(f"{name} has no fingerprint: run make samples and commit what that writes")
        elif written[name] != fingerprint(each):
            said.append(
                f"{name}: its fold or its columns have changed: give {each.name} version {version + 1}; where no table of version {version}"
                f" is in use, or its rows come out as before, remove it from {file.name}; then run make samples"
            )
    return said


def write(projections: Sequence[AnyProjection], file: Path = FILE) -> list[str]:
    """Write down what is missing; what is there stays. Gives the names."""
    written = dict(known(file))
    missing = {
        projection.table.name: fingerprint(projection)
        for projection in projections
        if projection.table.name not in written
    }
    if missing:
        file.write_text(json.dumps(written | missing, indent=2, sort_keys=True) + "\n")
    return list(missing)
