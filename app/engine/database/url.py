"""DATABASE_URL: its hosts and parameters. Each parameter is taken, or refused by name."""

import re
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import parse_qsl, quote, unquote, urlencode

from app.engine.database.errors import DatabaseUnavailable

DEFAULT_PORT = 5432
TAKEN = frozenset(
    (
        *("application_name", "connect_timeout", "options", "passfile", "target_session_attrs"),
        *("sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl", "sslpassword", "sslnegotiation"),
        *("ssl_min_protocol_version", "ssl_max_protocol_version", "krbsrvname", "gsslib"),
    )
)
"""Parameters that the driver or this room uses. `host`, `port`, `user`, `password`, `dbname` fill parts of the URL."""
IGNORED: Mapping[str, frozenset[str]] = {
    "channel_binding": frozenset(("disable", "prefer")),
    "client_encoding": frozenset(("utf8", "utf-8", "auto")),
    "fallback_application_name": frozenset(),
    "gssencmode": frozenset(("disable", "prefer")),
    "load_balance_hosts": frozenset(("disable",)),
    "pgbouncer": frozenset(("false",)),
}
"""Parameters that may be there with these values, because the code does that in any case. An empty set: any value."""
REFUSED: Mapping[str, str] = {
    "channel_binding": "the driver has no channel binding: use sslmode=verify-full",
    "client_encoding": "the code needs UTF8",
    "connection_limit": "set APP_POOL_SIZE",
    "currentSchema": "the schemas have fixed names",
    "gssencmode": "the driver has no GSS encryption: use sslmode",
    "load_balance_hosts": "writes need the same host as reads",
    "pgbouncer": "a pooler in transaction mode has no sessions: name the database itself, or a pooler in session mode",
    "pool_timeout": "set APP_OPERATION_TIMEOUT_SECONDS",
    "schema": "the schemas have fixed names",
    "search_path": "the code sets it in each session",
    "service": "write its parameters into DATABASE_URL",
    "servicefile": "write its parameters into DATABASE_URL",
    "socket_timeout": "set APP_FAILOVER_SECONDS",
    "ssl": "use sslmode=require or sslmode=verify-full",
    "sslaccept": "use sslmode=require or sslmode=verify-full",
    "sslidentity": "use sslcert and sslkey",
    "statement_cache_size": "the code prepares its statements",
    "statement_timeout": "the code sets it in each session",
    "tcp_user_timeout": "set APP_FAILOVER_SECONDS",
    **dict.fromkeys(
        ("keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count"),
        "set APP_FAILOVER_SECONDS",
    ),
}
"""Parameters that providers and other drivers use, and what to do instead."""
_URL = re.compile(
    r"(?P<scheme>[\w+]+)://(?:(?P<login>[^@/?]*)@)?(?P<hosts>[^@/?]*)(?:/(?P<name>[^?]*))?(?:\?(?P<query>.*))?"
)
SYSTEM_CERTIFICATES = "system"
"""The value of `sslrootcert` that trusts every public authority. So the name of the host must be checked, too."""
WRITABLE_ATTRS = frozenset(("read-write", "primary"))


@dataclass(frozen=True, slots=True)
class DatabaseUrl:
    """A URL as libpq reads it: `postgresql://user:password@host1:port1,host2:port2/name?parameters`."""

    hosts: Sequence[tuple[str, int]]
    """Names, addresses or folders of unix sockets, with ports, in the order in which they are tried."""
    user: str | None
    password: str | None
    database: str | None
    params: Mapping[str, str]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises `DatabaseUnavailable` with the part that is wrong."""
        match = _URL.fullmatch(text)
        if match is None:
            raise DatabaseUnavailable(
                "DATABASE_URL is not a URL like postgresql://user:password@host:5432/name"
            )
        name = match["scheme"].partition("+")[0].lower()
        if name not in ("postgresql", "postgres"):
            raise DatabaseUnavailable(f"DATABASE_URL names {name}; only postgresql:// will do")
        # libpq decodes only percent signs: a plus is a plus.
        params = dict(parse_qsl((match["query"] or "").replace("+", "%2B"), keep_blank_values=True))
        if params.get("sslrootcert") == SYSTEM_CERTIFICATES:
            params.setdefault("sslmode", "verify-full")
        user, _, password = (match["login"] or "").partition(":")
        hosts, ports = params.pop("host", None), params.pop("port", None)
        url = cls(
            hosts=_hosts(unquote(match["hosts"]) if hosts is None else hosts, ports),
            user=params.pop("user", None) or unquote(user) or None,
            password=params.pop("password", None) or unquote(password) or None,
            database=params.pop("dbname", params.pop("database", None))
            or unquote(match["name"] or "")
            or None,
            params=params,
        )
        _check_params(url.params)
        return url

    def dsn(self) -> str:
        """The URL for the driver, without hosts, and without what the driver does not know. Raises `DatabaseUnavailable`
        if it asks for the certificates of a system that has none."""
        driver = {
            name: value
            for name, value in self.params.items()
            if name in TAKEN - {"application_name", "connect_timeout", "target_session_attrs"}
        }
        if driver.get("sslrootcert") == SYSTEM_CERTIFICATES:
            file = ssl.get_default_verify_paths().cafile
            if file is None:
                raise DatabaseUnavailable(
                    "DATABASE_URL has sslrootcert=system, and this system has no file of certificates: install them, or name a file"
                )
            # The driver takes a file only.
            driver["sslrootcert"] = file
        return self._render("", self.password, driver)

    def of_database(self, name: str) -> str:
        """The whole URL, of another database on the same hosts."""
        hosts = ",".join(_host_text(*host) for host in self.hosts)
        ports = ",".join(str(port) for _, port in self.hosts)
        sockets = {"host": hosts, "port": ports} if hosts.startswith("/") else {}
        url = replace(self, database=name)
        return url._render("" if sockets else hosts, self.password, sockets | dict(self.params))

    def redacted(self) -> str:
        """The URL without passwords, for messages."""
        shown = {name: "***" if "password" in name else value for name, value in self.params.items()}
        hosts = ",".join(_host_text(*host) for host in self.hosts)
        sockets = {"host": hosts} if hosts.startswith("/") else {}
        return self._render("" if sockets else hosts, self.password and "***", sockets | shown)

    def _render(self, hosts: str, password: str | None, params: Mapping[str, str]) -> str:
        login = quote(self.user, safe="") if self.user else ""
        if password:
            login += ":" + (password if password == "***" else quote(password, safe=""))  # noqa: S105 - stands for one that is not shown
        query = f"?{urlencode(params, safe='/:,*', quote_via=quote)}" if params else ""
        name = quote(self.database, safe="") if self.database else ""
        return f"postgresql://{f'{login}@' if login else ''}{hosts}/{name}{query}"


def _hosts(location: str, ports: str | None) -> Sequence[tuple[str, int]]:
    names = location.split(",") if location else ["localhost"]
    given = ports.split(",") if ports else []
    if len(given) not in (0, 1, len(names)):
        raise DatabaseUnavailable(f"DATABASE_URL names {len(names)} hosts and {len(given)} ports")
    hosts: list[tuple[str, int]] = []
    for index, name in enumerate(names):
        host, port = _split_port(name)
        if given:
            port = given[index % len(given)]
        if not host or (port and not (port.isdecimal() and 0 < int(port) < 65_536)):
            # A password with a slash looks like a port: it stays out of the message.
            raise DatabaseUnavailable(
                "DATABASE_URL: its hosts are not like host1:5432,host2:5432; write / and @ in a password as %2F and %40"
            )
        hosts.append((host, int(port or DEFAULT_PORT)))
    return tuple(hosts)


def _split_port(name: str) -> tuple[str, str]:
    if name.startswith("/"):
        return name, ""
    if name.startswith("["):
        host, _, rest = name[1:].partition("]")
        return host, rest.removeprefix(":")
    host, _, port = name.partition(":")
    return host, port


def _host_text(host: str, port: int) -> str:
    if host.startswith("/"):
        return host
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _check_params(params: Mapping[str, str]) -> None:
    for name, value in params.items():
        if name in IGNORED and (not IGNORED[name] or value.lower() in IGNORED[name]):
            continue
        if name not in TAKEN:
            reason = REFUSED.get(name, "the code does not know it")
            shown = f"{name}={value}" if name in REFUSED else name
            raise DatabaseUnavailable(f"DATABASE_URL has {shown}: remove it; {reason}")
    if (attrs := params.get("target_session_attrs", "read-write")) not in WRITABLE_ATTRS:
        raise DatabaseUnavailable(
            f"DATABASE_URL has target_session_attrs={attrs}: only read-write and primary will do, because a client must read its own writes"
        )
    if params.get("sslrootcert") == SYSTEM_CERTIFICATES and params.get("sslmode") != "verify-full":
        raise DatabaseUnavailable(
            f"DATABASE_URL has sslmode={params.get('sslmode')} with sslrootcert=system: only verify-full will do, because a public authority signs for any host"
        )
    timeout = params.get("connect_timeout", "0")
    if not timeout.isdecimal():
        raise DatabaseUnavailable(f"DATABASE_URL has connect_timeout={timeout}: give whole seconds")
