"""A fingerprint changes with all own code and values that the fold leads to, and with nothing else."""

import importlib
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, timedelta
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from app.engine.settings import ROOT
from app.engine.store.code_fingerprint import reachable_source
from app.engine.store.snapshots.state_codec import NotSerializable, StateCodec
from domain.kernel.decider import value

AGGREGATE = '''
"""A jar."""

import logging
import re
from collections.abc import Sequence
from functools import cache, partial, singledispatch
from threading import Lock
from types import MappingProxyType
from uuid import UUID

import jars.words
from domain.kernel.decider import Data, Decider, Event, Upcast, event, value
from jars import words
from jars.words import MOST, Limits, less


@event("jar.filled", version=2)
class Filled(Event):
    by: int

    @property
    def twice(self) -> int:
        return self.by * 2


@value
class Jar:
    """What is in it."""

    full: int = 0


class Fill:
    pass


def evolve(jar: Jar, event: Filled) -> Jar:
    """More is in it."""
    # Less than one thinks.
    return Jar(full=min(jar.full + more(event), MOST))


def more(event: Filled) -> int:
    return less(event.twice)


def decide(command: Fill, jar: Jar) -> Sequence[Filled]:
    return [Filled(by=1)]


def grown(data: Data) -> Data:
    return data | {"by": FIRST}


FIRST = 1
jar: Decider[Fill, Jar, Filled] = Decider(category="jar", initial=Jar(full=0), decide=decide, evolve=evolve, upcasts=(Upcast("jar.filled", 1, grown),))
'''
WORDS = '''
"""Words."""

from enum import Enum
from functools import cached_property, wraps

MOST = 10
LEAST = None


def less(by: int) -> int:
    return by - 1


def plus(by: int) -> int:
    return by + 1


def times(by_factor):
    def multiplied(by: int) -> int:
        return by * by_factor
    return multiplied


def scaled(by: int, factor: int) -> int:
    return by * factor


def logged(wrapped):
    @wraps(wrapped)
    def wrapper(by):
        return wrapped(by)
    return wrapper


class Size(Enum):
    BIG = 1
    ALSO = 3


class Limits:
    def __init__(self, most: int) -> None:
        self.most = most

    def cap(self, by: int) -> int:
        return min(by, self.most)

    @cached_property
    def computed(self) -> int:
        return self.most
'''

MORE = """
def less(by: int) -> int:
    return by - 5
"""
SETS = """
from functools import singledispatch

NEXT = {"open": {"placed", "cancelled", "lost"}, "placed": ({"shipped", "lost"}, [frozenset({"a", "b", "c"})])}
MOST = 10
MANY = 10


class Own(frozenset):
    pass


class Placed:
    most = MOST


class Shipped:
    most = MANY


class Lost:
    most = MANY + MOST


@singledispatch
def weigh(item):
    return 1


OWN = (Own("abc"), NEXT.keys())
PHASES = {Placed, Shipped, Lost}


def evolve(state, event):
    return state in NEXT and state in OWN and type(state) in PHASES and event in {"placed", "cancelled", weigh(event)}


either = lambda event: event in {"placed", "cancelled", "lost"}
"""
REGISTERED = """
import jars


@jars.weigh.register
def weigh_{kind}(item: {kind}):
    return 2
"""
PRINT = """
import sys
for name in sys.argv[1:]:
    __import__(name)
import jars
from app.engine.store.code_fingerprint import reachable_source

print(*reachable_source(jars.evolve, jars.either), sep="\\n")
"""


@pytest.fixture
def fingerprint_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The fingerprint of the aggregate after replacements in its two files."""
    number = 0

    def fingerprint(*changes: tuple[str, str]) -> str:
        nonlocal number
        number += 1
        aggregate, words = AGGREGATE, WORDS
        for old, new in changes:
            assert old in aggregate + words
            aggregate, words = aggregate.replace(old, new), words.replace(old, new)
        package = tmp_path / str(number) / "jars"
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
        (package / "jar.py").write_text(aggregate)
        (package / "words.py").write_text(words)
        (package / "more.py").write_text(MORE)
        monkeypatch.syspath_prepend(str(package.parent))
        forget()
        return StateCodec(importlib.import_module("jars.jar").jar).fingerprint

    yield fingerprint
    forget()


def forget() -> None:
    for name in ("jars", "jars.jar", "jars.more", "jars.words"):
        sys.modules.pop(name, None)


def using(value: str, definition: str = "") -> Sequence[tuple[str, str]]:
    """The fold also uses a value of this definition."""
    return [("full + more", f"full + {value} + more"), ("FIRST = 1", f"{definition}\n\n\nFIRST = 1")]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    # Less than one thinks.\n", ""),
        ('    """More is in it."""\n', '    """Much more is in it."""\n'),
        (
            "return Jar(full=min(jar.full + more(event), MOST))",
            "return Jar(\n        full=min(jar.full + more(event), MOST),\n    )",
        ),
        ("return [Filled(by=1)]", "return [Filled(by=2)]"),
    ],
    ids=["a comment", "a docstring", "the layout", "what is decided"],
)
def test_the_fingerprint_stays_if_the_fold_stays(fingerprint_of: Any, old: str, new: str) -> None:
    assert fingerprint_of((old, new)) == fingerprint_of()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("full + more", "full - more"),
        ("return less(event.twice)", "return less(event.by)"),
        ("return by - 1", "return by - 2"),
        ("MOST = 10", "MOST = 11"),
        ("self.by * 2", "self.by * 3"),
        ("full: int = 0", "full: int = 1"),
        ("full: int = 0", "full: int = 0\n    name: str = ''"),
        ("    by: int\n", "    by: int\n    name: str = ''\n"),
        ("Jar(full=0)", "Jar(full=5)"),
        ("FIRST = 1", "FIRST = 2"),
        ('{"by": FIRST}', '{"by": FIRST + 1}'),
        ('Upcast("jar.filled", 1, grown)', 'Upcast("jar.filled", 1)'),
        ('Upcast("jar.filled", 1, grown)', 'Upcast("jar.filled", 1, partial(grown))'),
        ('Upcast("jar.filled", 1, grown)', 'Upcast("jar.filled", 1, Limits(most=1))'),
        ('Upcast("jar.filled", 1, grown)', 'Upcast("jar.filled", 1, lambda data: {"by": 7})'),
    ],
)
def test_the_fingerprint_changes_with_the_state_the_fold_and_the_upcasts_and_the_functions_they_call(
    fingerprint_of: Any, old: str, new: str
) -> None:
    assert fingerprint_of((old, new)) != fingerprint_of()


def test_the_fingerprint_tells_two_lambda_upcasts_apart(fingerprint_of: Any) -> None:
    plain = 'Upcast("jar.filled", 1, grown)'
    one, other = (
        fingerprint_of((plain, f'Upcast("jar.filled", 1, lambda data: {{"by": {n}}})')) for n in (7, 8)
    )
    assert one != other


@pytest.mark.parametrize(
    ("value", "definition", "old", "new"),
    [
        ("weight(1)", "@cache\ndef weight(by):\n    return by * 1", "by * 1", "by * 2"),
        ("add(1)", "@words.logged\ndef add(by):\n    return words.plus(by)", "by + 1", "by + 2"),
        ("weight(1)", "@words.logged\ndef weight(by):\n    return by", "wrapped(by)", "wrapped(by) + 1"),
        (
            "weight(1)",
            "@singledispatch\ndef weight(by):\n    return 1\n\n\n@weight.register\ndef _(by: int):\n    return 2",
            "return 2",
            "return 3",
        ),
        ("LIMITS.cap(1)", "LIMITS = Limits(most=1)", "most=1", "most=2"),
        ("LIMITS.cap(1)", "LIMITS = Limits(most=1)", "min(by,", "max(by,"),
        ("LIMITS[0].cap(1)", "LIMITS = [Limits(1)]", "min(by,", "max(by,"),
        ("cap(1)", "cap = Limits(most=1).cap", "min(by,", "max(by,"),
        ("ZERO.full", "ZERO = Jar(full=3)", "full=3", "full=4"),
        ("double(1)", "double = partial(words.scaled, factor=2)", "factor=2", "factor=3"),
        ("double(1)", "double = partial(words.scaled, factor=2)", "by * factor", "by + factor"),
        ("double(1)", "double = words.times(2)", "words.times(2)", "words.times(3)"),
        ("one(1) - two(1)", "one, two = words.times(2), words.times(3)", "one, two =", "two, one ="),
        ("add(1)", "add = lambda by: words.plus(by)", "return by + 1", "return by + 2"),
        ("add(1)", "add = (lambda more: lambda by: by + more)(1)", ")(1)", ")(2)"),
        ("STEPS[1](1)", "STEPS = {1: words.plus, 2: less}", "1: words.plus, 2", "2: words.plus, 1"),
        ("FROZEN['a']", "FROZEN = MappingProxyType({'a': 1})", "'a': 1", "'a': 2"),
        ("len(OWN)", "class Own(frozenset):\n    pass\n\n\nOWN = Own('ab')", "'ab'", "'ac'"),
        ("len(KEYS)", "KEYS = {'a': 1}.keys()", "'a': 1", "'b': 1"),
        ("NAMESPACE.int", "NAMESPACE = UUID(int=1)", "int=1", "int=2"),
        ("len(PATTERN.findall(''))", "PATTERN = re.compile('a' * 300 + 'b')", "'b'", "'c'"),
        ("EXACT.prec", "from decimal import Context\n\nEXACT = Context(prec=9)", "prec=9", "prec=8"),
        ("len(FILE.name)", "from pathlib import Path\n\nFILE = Path('a')", "Path('a')", "Path('b')"),
        ("SIZE.value", "SIZE = words.Size.BIG", "BIG = 1", "BIG = 2"),
        ("SIZE.value", "SIZE = words.Size.BIG", "Size.BIG", "Size.ALSO"),
        ("isinstance(jar, KINDS)", "KINDS = Jar | int", "Jar | int", "Jar | str"),
        ("jars.words.MOST", "", "MOST = 10", "MOST = 11"),
        ("jars.words.plus(1)", "", "return by + 1", "return by + 2"),
        ("TAKEN - OTHER + MOST", "TAKEN = 1\nOTHER = 1", "TAKEN = 1", "TAKEN = 10"),
        ("(1 if A else 2 if B else C)", "A = False\nB = False\nC = True", "A = False", "A = True"),
        ("(LIMIT or MOST)", "LIMIT = None", "LIMIT = None", "LIMIT = 10"),
        ("(words.LEAST or MOST)", "LEAST = None", "LEAST = None", "LEAST = 10"),
        ("words.LEAST + LEAST", "LEAST = 2", "LEAST = None", "LEAST = 2"),
        ("first(second(1))", "first, second = less, words.plus", "first, second", "second, first"),
        ("first(second(1))", "first, second = max, min", "first, second", "second, first"),
        ("first(second(1))", "first, second = lambda x: x, lambda x: -x", "first, second", "second, first"),
        ("first(second(1))", "first, second = Limits, Jar", "first, second", "second, first"),
        (
            "a(b(1))",
            "from jars.words import less as a, plus as b",
            "less as a, plus as b",
            "plus as a, less as b",
        ),
        (
            "a.MOST + b.MOST",
            "from jars import jar as a, words as b",
            "jar as a, words as b",
            "words as a, jar as b",
        ),
        (
            "weight(1)",
            "def weight(by, most=MOST):\n    return by + (words.LEAST or 0)",
            "most=MOST",
            "most=words.LEAST",
        ),
        ("weight(1)", "OF = 1\n\ndef weight(by, most=OF):\n    return by + MOST", "OF = 1", "OF = 10"),
        ("weight(1)", "OF = 1\n\ndef weight(by, *, most=OF):\n    return by + MOST", "OF = 1", "OF = 10"),
        ("Kept().of + MOST", "OF = 1\n\n@value\nclass Kept:\n    of: int = OF", "OF = 1", "OF = 10"),
        ("Kept.of + MOST", "OF = 1\n\nclass Kept:\n    of = OF", "OF = 1", "OF = 10"),
        ("Kept.OF.value + MOST", "OF = 1\n\nclass Kept(words.Enum):\n    OF = OF", "OF = 1", "OF = 10"),
        (
            "weight(1)",
            "def weight(by):\n    match by:\n        case words.LEAST:\n            return MOST",
            "LEAST = None",
            "LEAST = 10",
        ),
        ("STEPS[1](MOST)", "STEPS = {1: lambda by: by + OF}\nOF = 1", "OF = 1", "OF = 10"),
        ("(lambda: lambda: lambda: OF + MOST)()()()", "OF = 1", "OF = 1", "OF = 10"),
        ("deep()()()", "deep = lambda: lambda: lambda: OF + MOST\nOF = 1", "OF = 1", "OF = 10"),
        (
            "weight(1)",
            "def weight(by):\n    def inner():\n        return OF + MOST\n    return inner()\n\nOF = 1",
            "OF = 1",
            "OF = 10",
        ),
        (
            "add(1)",
            "def make(of):\n    def add(by):\n        return by + of + MOST\n    return add\n\nadd = make(1)",
            "make(1)",
            "make(10)",
        ),
        (
            "one() + two()",
            "def make(of):\n    return lambda: of\n\none, two = make(1), make(2)",
            "one, two",
            "two, one",
        ),
        (
            "One().of() + Two().of()",
            "def make(of):\n    class Own:\n        def of(self):\n            return of\n    return Own\n\nOne, Two = make(1), make(2)",
            "One, Two",
            "Two, One",
        ),
        (
            "STEPS[1](2)",
            "from jars import more\n\nSTEPS = {1: more.less, 2: less}",
            "1: more.less, 2: less",
            "1: less, 2: more.less",
        ),
    ],
)
def test_the_fingerprint_changes_with_any_value_that_the_fold_uses(
    fingerprint_of: Any, value: str, definition: str, old: str, new: str
) -> None:
    used = using(value, definition)
    assert fingerprint_of(*used) == fingerprint_of(*used)
    assert fingerprint_of(*used) != fingerprint_of(*used, (old, new))


@pytest.mark.parametrize(
    "tool", ["logging.getLogger('jars')", "Lock()", "object()", "iter(())", "tuple[Jar, ...]"]
)
def test_a_tool_that_the_fold_uses_is_not_in_the_fingerprint(fingerprint_of: Any, tool: str) -> None:
    assert fingerprint_of(*using("bool(TOOL)", f"TOOL = {tool}")) == fingerprint_of(*using("bool(TOOL)"))


def test_an_object_that_leads_to_itself_or_to_a_tool_has_a_fingerprint(fingerprint_of: Any) -> None:
    definition = "LIMITS = Limits(most=1)\nLIMITS.own = [LIMITS, Lock(), logging.getLogger('jars'), None]"
    used = using("LIMITS.cap(1)", definition)
    assert fingerprint_of(*used) == fingerprint_of(*used)
    assert fingerprint_of(*used) != fingerprint_of(*used, (", None]", ", 1]"))


@pytest.mark.parametrize(
    ("value", "definition", "use"),
    [
        ("LIMITS.cap(1)", "LIMITS = Limits(most=1)", "LIMITS.computed"),
        ("EXACT.prec", "from decimal import Context\n\nEXACT = Context()", "EXACT.divide(1, 3)"),
    ],
)
def test_the_first_use_of_an_object_changes_no_fingerprint(
    fingerprint_of: Any, value: str, definition: str, use: str
) -> None:
    used = using(value, f"{definition}\n{use}")
    assert fingerprint_of(*used) == fingerprint_of(*used, (f"\n{use}", ""))


@pytest.mark.parametrize(
    ("value", "definition"),
    [
        ("len(__file__)", ""),
        ("len(words.__file__)", ""),
        ("len(jars.__path__)", ""),
        ("len(__spec__.name)", ""),
        ("len(__loader__.name)", ""),
        ("(lambda: len(__file__))()", ""),
        ("size()", "size = lambda: len(__cached__)"),
        ("len(FOLDER.parts)", "from pathlib import Path\n\nFOLDER = Path(__file__).parent"),
        ("len(FOLDERS)", "from pathlib import Path\n\nFOLDERS = {'own': [Path(__file__).parent]}"),
    ],
)
def test_the_fingerprint_is_the_same_in_every_folder(
    fingerprint_of: Any, value: str, definition: str
) -> None:
    assert fingerprint_of(*using(value, definition)) == fingerprint_of(*using(value, definition))


class Colour(StrEnum):
    RED = "red"


@value
class Point:
    x: int
    of: Colour


PLAIN = (
    ((), ("a",), 1, 2.5, True, None, ..., b"c"),
    {"a": [1, (2, 3)], "b": {}, "c": {"d"}, "e": frozenset[str](), "f": set[str](), "g": frozenset({1})},
    [Decimal("1.50"), timedelta(days=1), UTC, UUID(int=1)],
    {Colour.RED: (Point(x=1, of=Colour.RED), Point)},
    Decimal("1.50"),
)


@pytest.mark.parametrize("plain", PLAIN, ids=str)
def test_the_text_of_a_plain_value_is_its_repr(plain: object) -> None:
    """So its fingerprint is that of older engines."""
    assert f" = {plain!r}" in reachable_source(plain)


def test_the_text_of_a_set_has_its_members_in_order() -> None:
    assert reachable_source({"b", "a"}) == [" = {'a', 'b'}"]


def test_the_fingerprint_is_the_same_in_every_run(tmp_path: Path) -> None:
    """The order of a set, the addresses of classes and the order of imports differ between runs."""
    (tmp_path / "jars.py").write_text(SETS)
    for kind in ("int", "str"):
        (tmp_path / f"weigh_{kind}.py").write_text(REGISTERED.format(kind=kind))
    printed = {
        subprocess.run(
            [sys.executable, "-c", PRINT, *imports],
            cwd=ROOT,
            env=os.environ
            | {"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join([str(ROOT), str(tmp_path)])},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout
        for seed, imports in {
            "1": ("weigh_int", "weigh_str"),
            "2": ("weigh_str", "weigh_int"),
            "3": ("json", "decimal", "weigh_str", "weigh_int"),
            "4": ("email.message", "weigh_int", "xml.dom.minidom", "weigh_str"),
        }.items()
    }
    assert len(printed) == 1
    assert {"MOST = 10", "MANY = 10"} <= {*printed.pop().splitlines()}


@pytest.mark.parametrize(
    ("value", "definition", "old", "new"),
    [
        (
            "STATED.of",
            "class Stated:\n    def __getstate__(self):\n        return 1, {'of': 2}\n\n\nSTATED = Stated()\nSTATED.of = 3",
            "'of': 2",
            "'of': 3",
        ),
        (
            "add(1)",
            "def make():\n    def add(by):\n        return later + FIRST\n    return add\n    later = 1\n\n\nadd = make()",
            "later + FIRST",
            "later - FIRST",
        ),
    ],
    ids=["a state that is no pair of fields", "a closure variable without a value"],
)
def test_an_unusual_value_has_a_fingerprint(
    fingerprint_of: Any, value: str, definition: str, old: str, new: str
) -> None:
    used = using(value, definition)
    assert fingerprint_of(*used) != fingerprint_of(*used, (old, new))


@pytest.mark.parametrize(
    ("value", "definition", "error"),
    [
        ("len(DEEP)", "DEEP = ()\nfor _ in range(9_999):\n    DEEP = (DEEP,)", "RecursionError"),
        # A file name that nothing has: code without one may find the source of `python -c`.
        ("weight(1)", "exec(compile('def weight(by): return by', '<made>', 'exec'))", "OSError"),
        (
            "ODD.of",
            "class Odd:\n    @property\n    def __class__(self):\n        raise KeyError('odd')\n\n\nODD = Odd()",
            "KeyError: 'odd'",
        ),
    ],
)
def test_without_a_fingerprint_an_aggregate_has_no_snapshots(
    fingerprint_of: Any, value: str, definition: str, error: str
) -> None:
    with pytest.raises(NotSerializable, match=error):
        fingerprint_of(*using(value, definition))
