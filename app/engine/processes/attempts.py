"""How long and how often a step is attempted."""

from dataclasses import dataclass

from app.engine.backoff import Backoff
from app.engine.database.errors import error_summary
from app.engine.processes.records import ProcessStep

MAX_ERROR_LENGTH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """A step that fails is retried with pauses from `initial_delay` to `max_delay` seconds.

    It gets stuck when it fails after `retry_seconds`, and its instance has no deadline that is still to come. A limit
    `max_attempts` above 0 also ends it. `call_timeout` is how many seconds one call to the outside may take. While a
    port is down, probes have pauses from `first_probe` to `longest_probe` seconds. `max_delay` limits these pauses,
    too.
    """

    retry_seconds: float = 3600.0
    max_attempts: int = 0
    initial_delay: float = 0.1
    max_delay: float = 30.0
    first_probe: float = 0.25
    longest_probe: float = 2.0
    call_timeout: float = 10.0

    def backoff(self) -> Backoff:
        return Backoff(self.initial_delay, self.max_delay, jitter=0.25)

    def attempts_of(self, step: ProcessStep, own_seconds: float | None, now: float) -> "StepAttempts":
        """The attempts of a step from now on. `own_seconds` is the limit that its call declares."""
        seconds = self.retry_seconds if own_seconds is None else own_seconds
        has_own_limit = own_seconds is not None
        return StepAttempts(step, step.attempts, self.backoff(), now + seconds, has_own_limit=has_own_limit)

    def probe_pauses(self) -> Backoff:
        return Backoff(
            min(self.first_probe, self.max_delay), min(self.longest_probe, self.max_delay), jitter=0.25
        )


@dataclass(slots=True, eq=False)
class StepAttempts:
    """The attempts of one step. It may get stuck when the event loop's clock is at `expires_at`."""

    step: ProcessStep
    count: int
    backoff: Backoff
    expires_at: float
    failed_at: float | None = None
    """When the last attempt failed, on the clock of the event loop."""
    is_own_fault: bool = False
    """Whether calls of other steps succeeded between its last two failures."""
    withdrawn: bool = False
    has_own_limit: bool = False
    """Whether the call says itself how long it is made again. Then a deadline of its instance gives it no more time."""
    error: str | None = None
    """That of the last attempt."""


def short_error(error: Exception) -> str:
    """The first line of an error, as it is stored with a step."""
    return error_summary(error).splitlines()[0][:MAX_ERROR_LENGTH]
