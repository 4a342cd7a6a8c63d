"""Names of hosts and origins, as the headers of a request give them."""

import re
from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?)\.?(?::(?P<port>\d{1,5}))?")
_ORIGIN = re.compile(r"(?P<scheme>https?)://(?P<host>[^/?#@\s]+)")
_DEFAULT_PORTS = {"http": "80", "https": "443"}
_FORWARDING_HEADERS = frozenset(
    {
        "forwarded",
        "via",
        "x-real-ip",
        "x-client-ip",
        "x-cluster-client-ip",
        "x-varnish",
        "cdn-loop",
        "client-ip",
        "true-client-ip",
    }
)
_FORWARDING_PREFIXES = ("x-forwarded", "x-original-", "x-envoy-", "cf-", "fastly-")

MAX_ADDRESS_LENGTH = 80
"""A longer text is no address: one of IPv6 has at most 45 characters, and the name of an interface."""


def split_host(header: str) -> tuple[str, str | None] | None:
    """The name in lower case without a final dot, and the port. None if the text is not a host."""
    match = _HOST.fullmatch(header.lower())
    return None if match is None else (match["name"], match["port"])


def is_loopback_name(name: str) -> bool:
    """Whether a name or address is this machine's: localhost and its subdomains, 127.0.0.0/8 and ::1."""
    # A browser resolves no name below localhost to another machine.
    return name == "localhost" or name.endswith(".localhost") or is_loopback_address(name.strip("[]"))


def is_loopback_address(address: str) -> bool:
    return len(address) <= MAX_ADDRESS_LENGTH and _is_loopback(address)


@lru_cache(maxsize=256)
def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def network_of(address: str) -> str:
    """What counts as one address: an IPv4 address, or the /64 network of an IPv6 address.

    One client may own such a network. A text that is no address counts as it is.
    """
    return _network_of(address) if ":" in address and len(address) <= MAX_ADDRESS_LENGTH else address


@lru_cache(maxsize=256)
def _network_of(address: str) -> str:
    try:
        parsed = IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    return str(parsed.ipv4_mapped or IPv6Network((int(parsed) >> 64 << 64, 64)))


def is_loopback_url(url: str) -> bool:
    return is_loopback_name(urlsplit(url).hostname or "")


def is_safe_url(url: str, *, allow_loopback: bool) -> bool:
    """Whether nothing on the way can change what a URL gives.

    Its scheme is https, or http for this machine if `allow_loopback` is set.
    """
    try:
        parts = urlsplit(url)
        is_local = is_loopback_url(url)
    except ValueError:
        return False
    if not parts.hostname or parts.username is not None or parts.fragment:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_local and allow_loopback)


def is_allowed_host(header: str, allowed: tuple[str, ...]) -> bool:
    """Whether a Host header names this machine or an entry of the list. An entry without a port allows all ports."""
    host = split_host(header)
    if host is None:
        return False
    name, port = host
    return is_loopback_name(name) or any(
        name == entry_name and entry_port in (None, port)
        for entry_name, entry_port in filter(None, map(split_host, allowed))
    )


def normalize_origin(text: str) -> str | None:
    """The origin in lower case without a default port. None if the text is not the origin of an HTTP page."""
    match = _ORIGIN.fullmatch(text.lower())
    if match is None or (host := split_host(match["host"])) is None:
        return None
    name, port = host
    suffix = "" if port in (None, _DEFAULT_PORTS[match["scheme"]]) else f":{port}"
    return f"{match['scheme']}://{name}{suffix}"


def is_allowed_origin(header: str, host: str, allowed: tuple[str, ...]) -> bool:
    """Whether a page of this origin may call: it is of this host, or in the list.

    A proxy may end TLS, so the scheme of the own host is not known and not compared.
    """
    origin = normalize_origin(header)
    if origin is None:
        return False
    scheme = origin.partition(":")[0]
    return origin == normalize_origin(f"{scheme}://{host}") or origin in allowed


def is_forwarded(headers: Mapping[str, str]) -> bool:
    """Whether a header says that a proxy has passed the request on. A proxy need not add one."""
    return any(name in _FORWARDING_HEADERS or name.startswith(_FORWARDING_PREFIXES) for name in headers)


def is_local_caller(headers: Mapping[str, str], client: str | None, http_version: str) -> bool:
    """Whether the peer is on this machine, names it as the host, and nothing shows a proxy.

    A proxy on this machine that speaks HTTP/1.1 and adds no forwarding header passes for such a caller.
    """
    host = split_host(headers.get("host", ""))
    return (
        client is not None
        and is_loopback_address(client)
        # Clients of today speak HTTP/1.1. Proxies may speak HTTP/1.0, and add no header then.
        and http_version == "1.1"
        and host is not None
        and is_loopback_name(host[0])
        and not is_forwarded(headers)
    )
