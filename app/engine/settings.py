"""The settings of the engine. They are read once at the start from the environment, and validated."""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self, get_args, get_origin, override

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from app.engine.errors import ConfigurationError
from app.engine.hosts import is_safe_url, normalize_origin, split_host
from app.engine.logs import Level
from app.engine.secret_files import read_secret

ROOT = Path(__file__).parents[2]
DEVELOPMENT_KEY = "only-for-development-on-this-machine"
"""The token key of `docker-compose.yml`. Everybody can read it, so that it counts in development mode only."""
MIN_KEY_BYTES = 32
MAX_SEAL_EVENTS = 100_000
"""The largest number of events under one seal. Audits take a seal over more events for a forged one."""
_OF_SERVICE = re.compile(r"SERVICE_(HOST|PORT(_\w+)?)|PORT(_\d+_(TCP|UDP|SCTP)(_(ADDR|PORT|PROTO))?)?")
"""What follows the name of a Service in the variables that Kubernetes sets for it in each pod."""


class EngineSettings(BaseSettings):
    """The settings of the engine. An application adds its own in a subclass.

    Each is read from the environment variable `APP_` and its name in capitals; `database_url` from `DATABASE_URL`.
    A secret may be in a file, which the variable with `_FILE` at its end names. Secrets are `database_url`, and every
    setting of the type `SecretStr`.
    """

    model_config = SettingsConfigDict(
        env_prefix="APP_",
        frozen=True,
        populate_by_name=True,
        hide_input_in_errors=True,
        allow_inf_nan=False,
    )

    database_url: Annotated[
        str | None,
        Field(
            validation_alias="DATABASE_URL",
            description="URL of a PostgreSQL 16 or newer; the embedded server if omitted.",
        ),
    ] = None
    data_dir: Annotated[Path, Field(description="Data folder of the embedded database.")] = ROOT / ".data"
    mode: Annotated[
        Literal["development", "production"],
        Field(
            description="development or production. Production: no GraphiQL, no introspection, no suggestions, no trusted header, logs as JSON."
        ),
    ] = "development"
    log_level: Annotated[
        Level,
        Field(
            description="Log level. info: one line per command. debug: also one line per batch of a projection."
        ),
    ] = "info"
    host: Annotated[str, Field(min_length=1, description="Address to listen on.")] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535, description="Port to listen on.")] = 8000
    operations_port: Annotated[
        int,
        Field(
            ge=0,
            le=65535,
            description="Port for metrics and the detail of readiness. 0: APP_PORT has them in development mode, and no port in production.",
        ),
    ] = 0
    operations_host: Annotated[
        str, Field(min_length=1, description="Address to listen on for APP_OPERATIONS_PORT.")
    ] = "127.0.0.1"
    allowed_hosts: Annotated[
        tuple[str, ...],
        Field(
            description="Names by which clients reach the server, as a JSON list; the names of this machine always work."
        ),
    ] = ()
    allowed_origins: Annotated[
        tuple[str, ...],
        Field(
            description="Other origins whose pages may call the API (CORS), as a JSON list."
            " They may read `Retry-After` and `WWW-Authenticate`."
        ),
    ] = ()
    issuer: Annotated[
        str | None,
        Field(
            description="URL of the issuer of tokens, exactly as it calls itself; its keys are found by OIDC discovery."
        ),
    ] = None
    audience: Annotated[
        str | None,
        Field(
            description="Audience that a token must name. Outside of development mode it is required with an issuer."
        ),
    ] = None
    token_key: Annotated[
        SecretStr | None,
        Field(
            description="Key of tokens with HS256, 32 bytes or more, in place of an issuer. For small set-ups."
        ),
    ] = None
    token_leeway_seconds: Annotated[
        float,
        Field(
            ge=0,
            le=300,
            description="How far the clocks of the issuer and of the server may differ, in seconds.",
        ),
    ] = 10.0
    actor_claim: Annotated[
        str, Field(min_length=1, description="Path of the claim that names the caller in events and logs.")
    ] = "sub"
    roles_claim: Annotated[
        str,
        Field(
            min_length=1,
            description="Path of the claim with the roles: a list, an object with roles as keys, or words.",
        ),
    ] = "roles"
    max_connections: Annotated[
        int,
        Field(
            ge=0,
            description="Maximum number of open connections; 0: as many as the limit of open files leaves room for, at most 10000.",
        ),
    ] = 0
    header_timeout_seconds: Annotated[
        float, Field(gt=0, description="Maximum time for the whole header of a request, in seconds.")
    ] = 10.0
    idle_timeout_seconds: Annotated[
        float,
        Field(gt=0, description="Time after which a connection without a request is closed, in seconds."),
    ] = 60.0
    max_header_bytes: Annotated[
        int, Field(ge=1_024, description="Maximum size of the header of a request, in bytes.")
    ] = 32_768
    max_headers: Annotated[int, Field(ge=10, description="Maximum number of headers of a request.")] = 100
    max_url_bytes: Annotated[
        int, Field(ge=256, description="Maximum length of the URL of a request, in bytes.")
    ] = 16_384
    max_socket_frames_per_second: Annotated[
        int,
        Field(
            ge=0,
            description="Maximum number of frames per second that a client may send on one socket, after a burst of 10 s. 0 sets no limit.",
        ),
    ] = 2_000
    pool_size: Annotated[
        int, Field(ge=1, le=200, description="Maximum number of database connections of the pool for reads.")
    ] = 8
    allow_database_owner: Annotated[
        bool,
        Field(
            description="Whether a production server may use a database role that can change events: a superuser, or the owner of es.events."
        ),
    ] = False
    application_name: Annotated[
        str,
        Field(
            min_length=1,
            max_length=32,
            description="Name of the application in pg_stat_activity; the component follows it.",
        ),
    ] = "app"
    failover_seconds: Annotated[
        float,
        Field(
            ge=1,
            le=600,
            description="Time after which a dead or frozen owner of work is replaced, in seconds.",
        ),
    ] = 10.0
    feed_buffer_size: Annotated[
        int, Field(ge=100, description="Number of recent events kept in memory for live subscribers.")
    ] = 10_000
    feed_buffer_bytes: Annotated[
        int, Field(ge=65_536, description="Maximum memory of these events, in bytes, estimated.")
    ] = 67_108_864
    poll_seconds: Annotated[
        float,
        Field(
            gt=0,
            le=60,
            description="Maximum time between two reads of the log without a notification, in seconds.",
        ),
    ] = 0.5
    max_queued_commands: Annotated[
        int,
        Field(
            ge=1,
            description="Maximum number of commands that wait for the database. Further ones get OVERLOADED.",
        ),
    ] = 10_000
    aggregate_cache_bytes: Annotated[
        int, Field(ge=0, description="Memory for the states of aggregates, in bytes; 0 keeps none.")
    ] = 67_108_864
    documents_dir: Annotated[
        str,
        Field(
            description="Folder with manifests of trusted documents, such as persisted-documents.json; none if empty."
        ),
    ] = ""
    documents: Annotated[
        Literal["any", "known"],
        Field(description="any, or known: only the documents of that folder are executed."),
    ] = "any"
    document_cache_bytes: Annotated[
        int,
        Field(ge=0, description="Memory for parsed and valid documents of clients, in bytes; 0 keeps none."),
    ] = 67_108_864
    seal_max_events: Annotated[
        int,
        Field(
            ge=0,
            le=MAX_SEAL_EVENTS,
            description="Maximum number of events under one seal; 0 disables seals.",
        ),
    ] = 1_000
    seal_interval_seconds: Annotated[
        float, Field(gt=0, description="Time after which a smaller number of events is sealed, in seconds.")
    ] = 10.0
    snapshot_every: Annotated[
        int, Field(ge=0, description="Events of a stream between two snapshots; 0 disables snapshots.")
    ] = 100
    snapshot_check_interval_seconds: Annotated[
        float,
        Field(gt=0, description="How often a random snapshot is checked against a full replay, in seconds."),
    ] = 60.0
    min_position_timeout_seconds: Annotated[
        float,
        Field(
            ge=0,
            le=60,
            description="Maximum time that a query with minPosition waits for its projection, in seconds.",
        ),
    ] = 5.0
    processes: Annotated[
        bool,
        Field(
            description="Whether this server runs processes. Set to off, it executes no step and no deadline; another server may."
        ),
    ] = True
    step_retry_seconds: Annotated[
        float,
        Field(
            ge=0,
            description="Time for which a process step that fails is attempted, in seconds; longer if a deadline is later. Then the step is stuck.",
        ),
    ] = 3600.0
    step_max_attempts: Annotated[
        int,
        Field(
            ge=0,
            le=100_000,
            description="Maximum number of attempts of a process step within that time; 0 sets no maximum.",
        ),
    ] = 0
    port_timeout_seconds: Annotated[
        float, Field(gt=0, le=300, description="Maximum time of one call of a process to a port, in seconds.")
    ] = 10.0
    operation_timeout_seconds: Annotated[
        float,
        Field(
            gt=0,
            description="Maximum time of one query or mutation, or of one event of a subscription, in seconds.",
        ),
    ] = 15.0
    max_operation_cost: Annotated[
        int,
        Field(ge=1_000, description="Maximum cost of one operation; 1 is about a microsecond of CPU."),
    ] = 250_000
    max_cost_per_second: Annotated[
        int,
        Field(
            ge=0,
            description="Maximum cost per second of all operations of one caller, after a burst of 10 s. 0 sets no limit.",
        ),
    ] = 5_000_000
    max_answer_bytes: Annotated[
        int, Field(ge=10_000, description="Maximum size of one answer or message, in bytes.")
    ] = 8_000_000
    shutdown_timeout_seconds: Annotated[
        float,
        Field(
            gt=0, le=300, description="Maximum time of the whole shutdown, in seconds. Then the process ends."
        ),
    ] = 8.0
    ready_max_write_stall_seconds: Annotated[
        float,
        Field(
            ge=0, description="Time without a successful write after which a server is not ready, in seconds."
        ),
    ] = 5.0
    ready_max_lag_seconds: Annotated[
        float,
        Field(gt=0, description="Time by which reads may lag before a server is not ready, in seconds."),
    ] = 30.0
    fast_executor: Annotated[
        bool,
        Field(
            description="Use the fast executor for fields without resolvers. Set to false to use graphql-core's executor."
        ),
    ] = True

    @field_validator("allowed_hosts")
    @classmethod
    def _check_hosts(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        for host in hosts:
            if split_host(host) is None:
                raise PydanticCustomError(
                    "host", "give names of hosts, each with or without a port, no pattern"
                )
        return hosts

    @field_validator("allowed_origins")
    @classmethod
    def _check_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        normalized = tuple(map(normalize_origin, origins))
        if None in normalized:
            raise PydanticCustomError(
                "origin", "give origins such as https://shop.example, no pattern and no path"
            )
        return tuple(filter(None, normalized))

    @field_validator("issuer", "audience", "token_key", mode="before")
    @classmethod
    def _drop_empty(cls, value: object) -> object:
        # Compose files pass variables that are not set as empty texts.
        return None if value == "" else value

    @field_validator("issuer")
    @classmethod
    def _check_issuer(cls, issuer: str | None) -> str | None:
        if issuer is not None and (not is_safe_url(issuer, allow_loopback=True) or "?" in issuer):
            raise PydanticCustomError(
                "issuer", "give a URL such as https://login.shop.example; https is needed"
            )
        return issuer

    @field_validator("token_key")
    @classmethod
    def _check_token_key(cls, key: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if key is None:
            return None
        if info.data.get("issuer") is not None:
            raise PydanticCustomError("both", "APP_ISSUER is set, too: keep one of them")
        if "-----BEGIN" in key.get_secret_value():
            raise PydanticCustomError("pem", "give random bytes, and no key pair: set APP_ISSUER for those")
        if len(key.get_secret_value().encode()) < MIN_KEY_BYTES:
            raise PydanticCustomError("short", "give {bytes} random bytes or more", {"bytes": MIN_KEY_BYTES})
        return key

    @override
    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        for name, value in super().__repr_args__():
            yield name, "***" if name == "database_url" and value is not None else value

    renamed: ClassVar[Mapping[str, str]] = {
        "AGGREGATE_CACHE_SIZE": "AGGREGATE_CACHE_BYTES, in bytes",
        "CACHED_STREAMS": "AGGREGATE_CACHE_BYTES, in bytes",
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
    """Old names of settings, without `APP_`. An old name is refused with the new one in the message, and its unit if that changed."""

    @classmethod
    def from_environment(cls, **overrides: object) -> Self:
        """The settings of this process. `overrides` come from the command line and win. Raises `ConfigurationError`."""
        secrets = cls._secrets()
        known = {f"APP_{name.upper()}" for name in cls.model_fields if name != "database_url"}
        files = {f"{variable}_FILE" for variable in secrets.values()}
        services = _service_variables()
        unknown = sorted(
            name for name in os.environ if name.startswith("APP_") and name not in known | files | services
        )
        for name in unknown:
            if new_name := cls.renamed.get(name.removeprefix("APP_")):
                raise ConfigurationError(f"setting {name} is now called APP_{new_name}")
        if unknown:
            raise ConfigurationError(
                f"unknown setting {unknown[0]}; known are {', '.join(sorted(known))} and DATABASE_URL"
            )
        for name in ("APP_HOST", "APP_DATA_DIR", "APP_OPERATIONS_HOST"):
            # An empty host would mean all addresses, and an empty folder the current folder.
            if os.environ.get(name) == "":
                raise ConfigurationError(f"setting {name} is empty: set a value, or remove it")
        from_files = {
            name: text for name, variable in secrets.items() if (text := read_secret(variable)) is not None
        }
        # The default stands for the URL that Kubernetes sets as the port of a Service.
        hidden = {
            name: field.get_default(call_default_factory=True)
            for name, field in cls.model_fields.items()
            if (variable := f"APP_{name.upper()}") in services and "://" in os.environ[variable]
        }
        given = hidden | from_files | {name: value for name, value in overrides.items() if value is not None}
        try:
            return cls(**given)  # pyright: ignore[reportArgumentType] - pydantic checks the values
        except ValidationError as error:
            first = error.errors()[0]
            name = str(first["loc"][0]) if first["loc"] else "?"
            variable = name if name == "DATABASE_URL" else f"APP_{name.upper()}"
            value = "" if name.lower() in secrets else f", not {first['input']!r}"
            raise ConfigurationError(f"setting {variable}: {first['msg']}{value}") from None
        except SettingsError as error:
            # A value that is not JSON fails before validation. The message has the field in quotes.
            name = next(name for name in cls.model_fields if f'"{name}"' in str(error))
            kind = "object" if get_origin(cls.model_fields[name].annotation) is dict else "list"
            raise ConfigurationError(f"setting APP_{name.upper()}: give a JSON {kind}") from None

    @classmethod
    def _secrets(cls) -> Mapping[str, str]:
        """The settings that are secret, each with its variable."""
        secret = {
            name: f"APP_{name.upper()}"
            for name, field in cls.model_fields.items()
            if SecretStr in (field.annotation, *get_args(field.annotation))
        }
        return {"database_url": "DATABASE_URL", **secret}


def _service_variables() -> set[str]:
    """The variables that Kubernetes has set for Services whose names begin with `app`. A port that is no URL is none."""
    prefixes = {name.removesuffix("SERVICE_HOST") for name in os.environ if name.endswith("_SERVICE_HOST")}
    return {
        name
        for prefix in prefixes
        for name, value in os.environ.items()
        if prefix.startswith("APP_")
        and name.startswith(prefix)
        and _OF_SERVICE.fullmatch(name, len(prefix))
        and (name != f"{prefix}PORT" or "://" in value)
    }
