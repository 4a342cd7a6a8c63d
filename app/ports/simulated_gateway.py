"""A payment gateway that moves no money. It keeps its books in the database, as a real one keeps its own somewhere.

Some amounts decide the outcome, and a fault plan lets calls fail, lose their answer, hang or be answered twice.
"""

import asyncio
import hashlib
from collections.abc import Mapping
from decimal import Decimal
from uuid import UUID

import msgspec
from pydantic import BaseModel, Field, ValidationError

from app.engine.database.connections import Database
from app.engine.errors import ConfigurationError
from domain.money import Money
from domain.payment import Approval, CalledOff, Decline

DECLINED = Decimal("1313.13")
HANGS = Decimal("1414.14")
FAILS = Decimal("1515.15")


class FaultPlan(BaseModel, frozen=True, extra="forbid"):
    """How the simulated gateway behaves. Shares are of all calls; the same key at the same attempt has the same luck."""

    latency: float = Field(default=0.0, ge=0, le=60, description="Seconds each call takes.")
    decline: float = Field(default=0.0, ge=0, le=1, description="Share of payments that are declined.")
    fail: float = Field(
        default=0.0, ge=0, le=1, description="Share of calls that fail before anything happens."
    )
    lose: float = Field(
        default=0.0, ge=0, le=1, description="Share of calls whose answer is lost after it happened."
    )
    repeat: float = Field(default=0.0, ge=0, le=1, description="Share of calls that are answered twice.")
    seed: int = Field(default=1, description="Other luck.")


def fault_plan(given: Mapping[str, float]) -> FaultPlan:
    """The plan in the settings. Raises `ConfigurationError`."""
    try:
        return FaultPlan.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigurationError(
            f"setting APP_SIMULATED_GATEWAY: {'.'.join(map(str, first['loc']))}: {first['msg']}; known are {', '.join(FaultPlan.model_fields)}"
        ) from None


class GatewayUnavailable(Exception):
    """The gateway did not answer."""


class KeyReused(Exception):
    """One idempotency key was used for two different calls."""


class SimulatedGateway:
    """An amount of 1313.13 is declined, 1414.14 is never answered, 1515.15 always fails; all others go by the plan."""

    def __init__(self, database: Database, plan: FaultPlan) -> None:
        self._database = database
        self._plan = plan
        self._opened = False
        self._opening = asyncio.Lock()

    async def authorise(self, payment_id: UUID, amount: Money, key: UUID) -> Approval | Decline:
        """Set the amount aside."""
        answer = await self._call("authorise", payment_id, amount, key)
        return (
            Approval(reference=answer["reference"])
            if "reference" in answer
            else Decline(reason=answer["refused"])
        )

    async def capture(self, payment_id: UUID, amount: Money, key: UUID) -> Decline | CalledOff | None:
        """Take the amount that was set aside."""
        answer = await self._call("capture", payment_id, amount, key)
        if "called_off" in answer:
            return CalledOff()
        return Decline(reason=answer["refused"]) if "refused" in answer else None

    async def cancel(self, payment_id: UUID, key: UUID) -> Money | None:
        """Give back what was set aside or taken."""
        answer = await self._call("call off", payment_id, Money(amount=Decimal(), currency=""), key)
        if "refunded" not in answer:
            return None
        return Money(amount=Decimal(answer["refunded"]), currency=answer["currency"])

    async def _call(self, kind: str, payment_id: UUID, amount: Money, key: UUID) -> dict[str, str]:
        plan, call = self._plan, (key, kind, payment_id, amount.amount, amount.currency)
        await self._open()
        await asyncio.sleep(plan.latency)
        if kind == "authorise" and amount.amount == HANGS:
            await asyncio.sleep(3600)
        luck = await self._attempt_share(*call) if plan.fail + plan.lose + plan.repeat else 0.5
        if luck < plan.fail or (kind == "authorise" and amount.amount == FAILS):
            raise GatewayUnavailable("the connection was refused")
        answer = await self._answer(*call)
        if luck < plan.fail + plan.lose:
            raise GatewayUnavailable("the connection was reset before the answer")
        if luck > 1 - plan.repeat:
            answer = await self._answer(*call)
        return answer

    async def _attempt_share(self, key: UUID, kind: str, *call: object) -> float:
        """The luck of this attempt."""
        attempt = await self._database.pool.fetchval(_ATTEMPT, key, kind, *call)
        if attempt is None:
            raise KeyReused(f"{key} was used for another call than {kind} {call}")
        return self._random_share(f"{key} {attempt}")

    async def _answer(
        self, key: UUID, kind: str, payment_id: UUID, amount: Decimal, currency: str
    ) -> dict[str, str]:
        """The first answer under this key, decided now if there is none."""
        declined = amount == DECLINED or self._random_share(str(payment_id)) < self._plan.decline
        answer = await self._database.pool.fetchval(
            _ANSWER, key, kind, payment_id, amount, currency, declined
        )
        if answer is None:
            raise KeyReused(f"{key} was used for another call than {kind} {payment_id} {amount} {currency}")
        return msgspec.json.decode(answer, type=dict[str, str])

    def _random_share(self, of: str) -> float:
        """A number from 0 to 1, always the same for the same text."""
        return int.from_bytes(hashlib.sha256(f"{self._plan.seed} {of}".encode()).digest()[:6]) / 2**48

    async def _open(self) -> None:
        async with self._opening:
            if not self._opened:
                async with self._database.pool.acquire() as connection, connection.transaction():
                    await connection.execute("SELECT pg_advisory_xact_lock(7305813095)")
                    for statement in _BOOKS:
                        await connection.execute(statement)
                self._opened = True


_BOOKS = (
    # The gateway's own books, apart from the shop's.
    "CREATE SCHEMA IF NOT EXISTS simulated_gateway",
    """
    CREATE TABLE IF NOT EXISTS simulated_gateway.calls (
        key uuid PRIMARY KEY, kind text NOT NULL, payment_id uuid NOT NULL, amount numeric NOT NULL, currency text NOT NULL,
        attempts integer NOT NULL DEFAULT 1, answer text
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS simulated_gateway.payments (
        payment_id uuid PRIMARY KEY, currency text NOT NULL DEFAULT '', authorised numeric NOT NULL DEFAULT 0,
        captured numeric NOT NULL DEFAULT 0, refunded numeric NOT NULL DEFAULT 0, called_off boolean NOT NULL DEFAULT false
    )
    """,
    # Returns the first answer under a key, and decides it if there is none. Returns null if the key was used for
    # another call.
    """
    CREATE OR REPLACE FUNCTION simulated_gateway.answer(
        a_key uuid, a_kind text, a_payment uuid, an_amount numeric, a_currency text, declined boolean
    ) RETURNS text LANGUAGE plpgsql AS $$
    DECLARE
        call simulated_gateway.calls;
        books simulated_gateway.payments;
        said jsonb := '{}';
    BEGIN
        -- It moves no money: what it did in the last moments before the database crashed, it may forget.
        PERFORM set_config('synchronous_commit', 'off', true);
        INSERT INTO simulated_gateway.calls (key, kind, payment_id, amount, currency)
        VALUES (a_key, a_kind, a_payment, an_amount, a_currency) ON CONFLICT DO NOTHING;
        SELECT * INTO call FROM simulated_gateway.calls WHERE key = a_key FOR UPDATE;
        IF (call.kind, call.payment_id, call.amount, call.currency) <> (a_kind, a_payment, an_amount, a_currency) THEN
            RETURN NULL;
        ELSIF call.answer IS NOT NULL THEN
            RETURN call.answer;
        END IF;
        INSERT INTO simulated_gateway.payments (payment_id) VALUES (a_payment) ON CONFLICT DO NOTHING;
        SELECT * INTO books FROM simulated_gateway.payments WHERE payment_id = a_payment FOR UPDATE;
        IF a_kind = 'call off' THEN
            UPDATE simulated_gateway.payments SET called_off = true, refunded = captured WHERE payment_id = a_payment;
            IF books.captured > 0 THEN
                said := jsonb_build_object('refunded', books.captured::text, 'currency', books.currency);
            END IF;
        ELSIF books.called_off THEN
            said := jsonb_build_object('refused', 'the payment was called off', 'called_off', 'true');
        ELSIF a_kind = 'authorise' AND declined THEN
            said := jsonb_build_object('refused', 'insufficient funds');
        ELSIF a_kind = 'authorise' THEN
            UPDATE simulated_gateway.payments SET authorised = an_amount, currency = a_currency WHERE payment_id = a_payment;
            said := jsonb_build_object('reference', 'sim-' || left(replace(a_payment::text, '-', ''), 12));
        ELSIF an_amount > books.authorised THEN
            said := jsonb_build_object('refused', 'that much was not authorised');
        ELSE
            UPDATE simulated_gateway.payments SET captured = an_amount WHERE payment_id = a_payment;
        END IF;
        UPDATE simulated_gateway.calls SET answer = said::text WHERE key = a_key;
        RETURN said::text;
    END
    $$
    """,
)

_ANSWER = "SELECT simulated_gateway.answer($1, $2, $3, $4, $5, $6)"

_ATTEMPT = """
    INSERT INTO simulated_gateway.calls AS c (key, kind, payment_id, amount, currency) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (key) DO UPDATE SET attempts = c.attempts + 1
    WHERE c.kind = excluded.kind AND c.payment_id = excluded.payment_id AND c.amount = excluded.amount AND c.currency = excluded.currency
    RETURNING attempts
"""
