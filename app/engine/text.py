"""One rule for entered text, one for times, and one escape for text that a terminal or a log shows.

Text that is stored today passes the rule. Older events may hold anything, so that what is shown is escaped.
"""

import re
import unicodedata
from datetime import datetime

_FORBIDDEN = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # C0 and C1 controls, line breaks included
    "\ud800-\udfff"  # halves of surrogate pairs
    "\u2028\u2029"  # separators of lines and paragraphs
    "\u202a-\u202e\u2066-\u2069"  # embeddings, overrides and isolates of the direction of text
    "\u200b\u2060-\u2065\u206a-\u206f\ufeff\u180e"  # without width, and of no use in a name
    "\ufff9-\ufffb\ufdd0-\ufdef\ufffe\uffff"  # annotations, and code points that are no characters
    "\U000e0000-\U000e007f"  # tags
    "]"
)
_FLAG = re.compile("\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{1,6}\U000e007f")
"""The flag of a part of a country: the only use of tags."""
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and symbols that show nothing."""
_SHOWN = frozenset("\u00a0\u200c\u200d")
"""Not printable for Python, but harmless: the fixed space, and the joiners of emoji and of Persian or Indian scripts."""
MAX_COMPOSED = 4
"""Characters that NFC may compose into one. A text that is longer than this share of its limit is not normalised. A long run
of marks takes a time that grows with its square."""


def normalize_text(value: str) -> str:
    """The text in Unicode's composed form (NFC): equal characters are equal code points."""
    return unicodedata.normalize("NFC", value)


def time_problem(value: datetime) -> str | None:
    """What is wrong with a time, as the end of a sentence; None if nothing is. In these years, Python can add hours to it."""
    return None if 1900 <= value.year <= 9998 else "is not between the years 1900 and 9998"


def text_problem(value: str, max_length: int) -> str | None:
    """What is wrong with one line of text in NFC, as the end of a sentence; None if nothing is."""
    if not value:
        return "is empty"
    if len(value) > max_length:
        return f"has {len(value)} characters; the limit is {max_length}"
    if (found := _FORBIDDEN.search(_FLAG.sub("", value))) is not None:
        return f"has a character that cannot be printed: U+{ord(found[0]):04X}"
    if not any(_is_visible(character) for character in value):
        return "has no visible character"
    return None


def clean_line(value: str, max_length: int) -> tuple[str, str | None]:
    """The text in NFC without spaces around it, and what is wrong with it: see `text_problem`."""
    if len(value) > MAX_COMPOSED * max_length + 1_000:
        return value, text_problem(value, max_length)
    trimmed = normalize_text(value).strip(_SPACES)
    return trimmed, text_problem(trimmed, max_length)


def escape_text(text: str, *, keep_lines: bool = False) -> str:
    r"""The text with each character that a terminal may act on, or not show, as `\uXXXX`.

    So are line breaks, unless `keep_lines`. The escapes are those of JSON, so that JSON keeps its meaning.
    """
    if text.isprintable():
        return text
    if keep_lines:
        return "\n".join(escape_text(line) for line in text.split("\n"))
    return "".join(
        character if character.isprintable() or character in _SHOWN else _escape(character)
        for character in text
    )


_SPACES = "".join(chr(code) for code in (0x20, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000))


def _is_visible(character: str) -> bool:
    return unicodedata.category(character)[0] in "LNPS" and character not in _BLANK


def _escape(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[index : index + 2].hex()}" for index in range(0, len(units), 2))
