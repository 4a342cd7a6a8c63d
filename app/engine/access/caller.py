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
    """When the authority ends, in seconds since 1970; None if it does not end."""


ANONYMOUS = Caller("anonymous")
