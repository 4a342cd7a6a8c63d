"""What can be set from outside: read once at start, checked, and handed on."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self, get_origin

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from app.engine.errors import ConfigurationError
from app.engine.logs import Level

ROOT = Path(__file__).parents[2]


class EngineSettings(BaseSettings):
    """The settings of the engine; an application adds its own in a subclass.

    Each is read from the environment: `APP_` and its name in capitals, `DATABASE_URL` as it is.
    """

    model_config = SettingsConfigDict(env_prefix="APP_", frozen=True, populate_by_name=True)

    database_url: Annotated[
        str | None,
        Field(
            validation_alias="DATABASE_URL",
            description="PostgreSQL 16 or newer; the embedded server if left out.",
        ),
    ] = None
    data_dir: Annotated[Path, Field(description="Folder of the embedded database.")] = ROOT / ".data"
    mode: Annotated[
        Literal["development", "production"],
        Field(description="Production: no GraphiQL, no introspection, no trusted header."),
    ] = "development"
    log_level: Annotated[
        Level,
        Field(
            description="From which level on: info has a line for each command, debug also one for each batch of a projector."
        ),
    ] = "info"
    host: Annotated[
        str, Field(min_length=1, description="Address to listen on; loopback unless told otherwise.")
    ] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535, description="Port to listen on.")] = 8000
    allowed_origins: Annotated[
        tuple[str, ...], Field(description="Other origins whose pages may call, as a JSON list.")
    ] = ()
    pool_size: Annotated[
        int, Field(ge=1, le=200, description="Database connections for reads, of each of the two pools.")
    ] = 8
    feed_buffer_size: Annotated[
        int, Field(ge=100, description="Facts kept in memory for those who follow.")
    ] = 10_000
    poll_seconds: Annotated[
        float, Field(gt=0, le=60, description="How long the feed sleeps at most when nothing wakes it.")
    ] = 0.5
    max_queued_commands: Annotated[
        int, Field(ge=1, description="Commands that may wait for the database before callers get OVERLOADED.")
    ] = 10_000
    aggregate_cache_size: Annotated[
        int, Field(ge=0, description="Aggregates whose state is kept in memory.")
    ] = 10_000
    seal_max_events: Annotated[
        int, Field(ge=0, le=100_000, description="Facts under one seal at most; 0 seals nothing.")
    ] = 1_000
    seal_interval_seconds: Annotated[
        float, Field(gt=0, description="Seconds after which fewer facts are sealed, too.")
    ] = 10.0
    snapshot_every: Annotated[
        int, Field(ge=0, description="Facts of a stream from one snapshot to the next; 0 turns them off.")
    ] = 100
    snapshot_check_interval_seconds: Annotated[
        float, Field(gt=0, description="How often a snapshot, taken by chance, is held against a full fold.")
    ] = 60.0
    min_position_timeout_seconds: Annotated[
        float, Field(ge=0, le=60, description="How long a query with minPosition waits for its projection.")
    ] = 5.0
    step_max_attempts: Annotated[
        int, Field(ge=1, le=100, description="How often a step of a process is tried before it is stuck.")
    ] = 8
    port_timeout_seconds: Annotated[
        float, Field(gt=0, le=300, description="How long one call of a process to the outside may take.")
    ] = 10.0
    operation_timeout_seconds: Annotated[
        float, Field(gt=0, description="How long one query or mutation may take.")
    ] = 15.0
    fast_executor: Annotated[
        bool,
        Field(description="Whether plain fields are answered the short way; false is graphql-core's own."),
    ] = True

    renamed: ClassVar[Mapping[str, str]] = {
        "CACHED_STREAMS": "AGGREGATE_CACHE_SIZE",
        "CALL_SECONDS": "PORT_TIMEOUT_SECONDS",
        "DATA": "DATA_DIR",
        "LOG": "LOG_LEVEL",
        "OPERATION_SECONDS": "OPERATION_TIMEOUT_SECONDS",
        "ORIGINS": "ALLOWED_ORIGINS",
        "POOL": "POOL_SIZE",
        "RING": "FEED_BUFFER_SIZE",
        "SEAL_FACTS": "SEAL_MAX_EVENTS",
        "SEAL_SECONDS": "SEAL_INTERVAL_SECONDS",
        "SHORT_EXECUTION": "FAST_EXECUTOR",
        "SNAPSHOT_CHECK_SECONDS": "SNAPSHOT_CHECK_INTERVAL_SECONDS",
        "SNAPSHOT_EVENTS": "SNAPSHOT_EVERY",
        "STALE_SECONDS": "MIN_POSITION_TIMEOUT_SECONDS",
        "STEP_ATTEMPTS": "STEP_MAX_ATTEMPTS",
        "WAITING_COMMANDS": "MAX_QUEUED_COMMANDS",
    }
    """Settings by their old names, without `APP_`: an old name is refused with the new one in the message."""

    @classmethod
    def from_environment(cls, **overrides: object) -> Self:
        """The settings of this process; `overrides` come from the command line and win. Raises `ConfigurationError`."""
        known = {f"APP_{name.upper()}" for name in cls.model_fields if name != "database_url"}
        unknown = sorted(name for name in os.environ if name.startswith("APP_") and name not in known)
        for name in unknown:
            if new_name := cls.renamed.get(name.removeprefix("APP_")):
                raise ConfigurationError(f"setting {name} is now called APP_{new_name}")
        if unknown:
            raise ConfigurationError(
                f"unknown setting {unknown[0]}; known are {', '.join(sorted(known))} and DATABASE_URL"
            )
        for name in ("APP_HOST", "APP_DATA_DIR"):
            # An empty host would mean every address, and an empty folder the current one.
            if os.environ.get(name) == "":
                raise ConfigurationError(f"setting {name} is empty: give it a value, or leave it out")
        try:
            return cls(**{name: value for name, value in overrides.items() if value is not None})  # pyright: ignore[reportArgumentType]
        except ValidationError as error:
            first = error.errors()[0]
            name = str(first["loc"][0]) if first["loc"] else "?"
            variable = name if name == "DATABASE_URL" else f"APP_{name.upper()}"
            raise ConfigurationError(f"setting {variable}: {first['msg']}, not {first['input']!r}") from None
        except SettingsError as error:
            # A value that is not JSON fails before validation; the message names the field in quotes.
            name = next(name for name in cls.model_fields if f'"{name}"' in str(error))
            kind = "object" if get_origin(cls.model_fields[name].annotation) is dict else "list"
            raise ConfigurationError(f"setting APP_{name.upper()}: give a JSON {kind}") from None
