"""Upgrades that a request asks for. The server knows one, to a socket, and ignores all others (RFC 9110, section 7.8).

llhttp takes a request with any upgrade for complete at the end of its header. A body that comes later would be read as
the next request. A request whose upgrade is ignored is therefore parsed once more, without the upgrade.
"""

from collections.abc import Sequence

type Header = tuple[bytes, bytes]

_OF_THE_UPGRADE = (b"upgrade", b"http2-settings")


def _tokens(headers: Sequence[Header], wanted: bytes) -> list[bytes]:
    """The members of the list in all headers with this name."""
    return [token.strip() for name, value in headers if name == wanted for token in value.split(b",")]


def asks_for_socket(version: str, headers: Sequence[Header]) -> bool:
    """Whether a request asks for a WebSocket and for nothing else. The names in `headers` have lower case."""
    return (
        version == "1.1"
        and b"upgrade" in map(bytes.lower, _tokens(headers, b"connection"))
        and [token.lower() for token in _tokens(headers, b"upgrade")] == [b"websocket"]
    )


def head_without_upgrade(method: bytes, url: bytes, version: str, headers: Sequence[Header]) -> bytes:
    """The header of a request up to the empty line, without what asks for an upgrade."""
    kept = [header for header in headers if header[0] not in (*_OF_THE_UPGRADE, b"connection")]
    options = [token for token in _tokens(headers, b"connection") if token.lower() not in _OF_THE_UPGRADE]
    if options:
        kept.append((b"connection", b", ".join(options)))
    lines = [b"%s %s HTTP/%s" % (method, url, version.encode()), *(b"%s: %s" % header for header in kept)]
    return b"\r\n".join(lines) + b"\r\n\r\n"
