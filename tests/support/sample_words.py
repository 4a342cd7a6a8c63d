"""The words of the sample, which no text of the engine says."""

import re

_WORDS = re.compile(
    r"\b((?<!\bin )(?<!\bout of )order|orders|products?|payments?|fulfilments?|customers?|sku)\b",
    re.IGNORECASE,
)


def sample_words(text: str) -> list[str]:
    """The words of the sample in a text. "In order" and "out of order" are none."""
    return _WORDS.findall(text)
