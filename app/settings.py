"""What can be set from outside: read once at start, checked, and handed on."""

import os
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from app.logs import Level

ROOT = Path(__file__).parent.parent


class Mistake(Exception):
    """What a person at the terminal can mend: the message is one line that says what was wrong and what to do."""


class BadSetting(Mistake):
    """A setting is unknown or malformed; the message is one line for the person who set it."""


class Settings(BaseSettings):
    """Each is read from the environment: `APP_` and its name in capitals, `DATABASE_URL` as it is."""

    model_config = SettingsConfigDict(env_prefix="APP_", frozen=True, populate_by_name=True)

    database_url: Annotated[
        str | None,
        Field(
            validation_alias="DATABASE_URL",
            description="PostgreSQL 16 or newer; the embedded server if left out.",
        ),
    ] = None
    data: Annotated[Path, Field(description="Folder of the embedded database.")] = ROOT / ".data"
    mode: Annotated[
        Literal["development", "production"],
        Field(description="Production: no GraphiQL, no introspection, no trusted header."),
    ] = "development"
    log: Annotated[
        Level,
        Field(
            description="From which level on: info has a line for each command, debug also one for each batch of a projector."
        ),
    ] = "info"
    host: Annotated[
        str, Field(min_length=1, description="Address to listen on; loopback unless told otherwise.")
    ] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535, description="Port to listen on.")] = 8000
    origins: Annotated[
        tuple[str, ...], Field(description="Other origins whose pages may call, as a JSON list.")
    ] = ()
    pool: Annotated[
        int, Field(ge=1, le=200, description="Database connections for reads, of each of the two pools.")
    ] = 8
    ring: Annotated[int, Field(ge=100, description="Facts kept in memory for those who follow.")] = 10_000
    poll_seconds: Annotated[
        float, Field(gt=0, le=60, description="How long the feed sleeps at most when nothing wakes it.")
    ] = 0.5
    waiting_commands: Annotated[
        int, Field(ge=1, description="Commands that may wait for the database before callers get OVERLOADED.")
    ] = 10_000
    cached_streams: Annotated[int, Field(ge=0, description="Aggregates whose state is kept in memory.")] = (
        10_000
    )
    seal_facts: Annotated[
        int, Field(ge=0, le=100_000, description="Facts under one seal at most; 0 seals nothing.")
    ] = 1_000
    seal_seconds: Annotated[
        float, Field(gt=0, description="Seconds after which fewer facts are sealed, too.")
    ] = 10.0
    snapshot_events: Annotated[
        int, Field(ge=0, description="Facts of a stream from one snapshot to the next; 0 turns them off.")
    ] = 100
    snapshot_check_seconds: Annotated[
        float, Field(gt=0, description="How often a snapshot, taken by chance, is held against a full fold.")
    ] = 60.0
    stale_seconds: Annotated[
        float, Field(ge=0, le=60, description="How long a query with minPosition waits for its projection.")
    ] = 5.0
    step_attempts: Annotated[
        int, Field(ge=1, le=100, description="How often a step of a process is tried before it is stuck.")
    ] = 8
    call_seconds: Annotated[
        float, Field(gt=0, le=300, description="How long one call of a process to the outside may take.")
    ] = 10.0
    gateway: Annotated[
        dict[str, float], Field(description="Fault plan of the simulated payment gateway, as a JSON object.")
    ] = {}
    operation_seconds: Annotated[
        float, Field(gt=0, description="How long one query or mutation may take.")
    ] = 15.0
    short_execution: Annotated[
        bool,
        Field(description="Whether plain fields are answered the short way; false is graphql-core's own."),
    ] = True

    @classmethod
    def read(cls, **given: object) -> Self:
        """The settings of this process; `given` (from the command line) comes first. Raises `BadSetting`."""
        known = {f"APP_{name.upper()}" for name in cls.model_fields if name != "database_url"}
        unknown = sorted(name for name in os.environ if name.startswith("APP_") and name not in known)
        if unknown:
            raise BadSetting(
                f"unknown setting {unknown[0]}; known are {', '.join(sorted(known))} and DATABASE_URL"
            )
        for name in ("APP_HOST", "APP_DATA"):
            # Empty, the one would mean every address, and the other the folder where one happens to be.
            if os.environ.get(name) == "":
                raise BadSetting(f"setting {name} is empty: give it a value, or leave it out")
        try:
            return cls(**{name: value for name, value in given.items() if value is not None})  # pyright: ignore[reportArgumentType]
        except ValidationError as problem:
            first = problem.errors()[0]
            name = str(first["loc"][0]) if first["loc"] else "?"
            shown = name if name == "DATABASE_URL" else f"APP_{name.upper()}"
            raise BadSetting(f"setting {shown}: {first['msg']}, not {first['input']!r}") from None
        except SettingsError as problem:
            # A list that is not JSON fails before validation; the message names the field in quotes.
            name = next(name for name in cls.model_fields if f'"{name}"' in str(problem))
            raise BadSetting(
                f"setting APP_{name.upper()}: give a JSON {'object' if name == 'gateway' else 'list'}"
            ) from None
