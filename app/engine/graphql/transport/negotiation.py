"""Chooses the media type of a response by the `Accept` header of its request (RFC 9110, section 12.5.1)."""

from dataclasses import dataclass
from functools import lru_cache

GRAPHQL_RESPONSE = "application/graphql-response+json"
JSON = "application/json"
EVENT_STREAM = "text/event-stream"

MAX_ACCEPT_LENGTH = 1_000
"""Characters of an `Accept` header that are read. Browsers and clients send fewer than 200."""


@dataclass(frozen=True, slots=True)
class Acceptable:
    """What a client accepts. `json` is the media type of a single result, None if the client accepts none."""

    json: str | None
    stream: bool
    """Whether the client accepts an event stream, and names it: `*/*` means a single result."""
    prefers_stream: bool
    """Whether the client prefers a stream to a single result."""
    html: bool = False
    """Whether the client names HTML, as a browser does."""


@dataclass(frozen=True, slots=True)
class _Range:
    """One media range. `rank` orders ranges by quality, then by their place in the header: less is better."""

    type: str
    subtype: str
    quality: float
    place: int

    @property
    def rank(self) -> tuple[float, int]:
        return (-self.quality, self.place)


@lru_cache(maxsize=256)
def parse_accept(header: str | None) -> Acceptable:
    """What the header accepts. A request without the header accepts `application/graphql-response+json`."""
    if header is None or not header.strip():
        return Acceptable(GRAPHQL_RESPONSE, stream=False, prefers_stream=False)
    ranges = _parse_ranges(header[:MAX_ACCEPT_LENGTH])
    # Under a wildcard both JSON types have the same rank. Then the older type is safer.
    ranked_json = [
        (found.rank, media_type)
        for media_type in (JSON, GRAPHQL_RESPONSE)
        if (found := _match(ranges, media_type)) is not None
    ]
    json_rank, json = min(ranked_json, key=lambda item: item[0], default=(None, None))
    stream = _match([item for item in ranges if item.type == "text"], EVENT_STREAM)
    html = _match([item for item in ranges if item.subtype == "html"], "text/html")
    return Acceptable(
        json,
        stream=stream is not None,
        prefers_stream=stream is not None and (json_rank is None or stream.rank < json_rank),
        html=html is not None,
    )


def _match(ranges: list[_Range], media_type: str) -> _Range | None:
    """The most specific range that matches. None if there is none, or if its quality is 0."""
    main, _, sub = media_type.partition("/")
    for wanted in ((main, sub), (main, "*"), ("*", "*")):
        matching = [item for item in ranges if (item.type, item.subtype) == wanted]
        if matching:
            best = min(matching, key=lambda item: item.rank)
            return best if best.quality > 0 else None
    return None


def _parse_ranges(header: str) -> list[_Range]:
    ranges: list[_Range] = []
    for place, item in enumerate(header.lower().split(",")):
        media_type, *parameters = (part.strip() for part in item.split(";"))
        main, separator, sub = media_type.partition("/")
        if separator:
            ranges.append(_Range(main.strip(), sub.strip(), _quality(parameters), place))
    return ranges


def _quality(parameters: list[str]) -> float:
    """The parameter `q`, from 0 to 1. A missing or an invalid one is 1."""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                quality = float(value)
            except ValueError:
                return 1.0
            return quality if 0 <= quality <= 1 else 1.0
    return 1.0
