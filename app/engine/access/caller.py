"""The caller of an operation."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sends an operation. Transports make it once, of a token or of the headers of development mode."""

    actor: str
    """The name that events, traces and log lines record."""
    roles: frozenset[str] = frozenset()
    """The roles; empty for an anonymous caller."""
    expires_at: float | None = None
    """When this server stops to accept the token, in seconds since 1970. None if there is no end."""


ANONYMOUS = Caller("anonymous")
