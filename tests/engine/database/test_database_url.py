"""DATABASE_URL is read as libpq reads it; each parameter is taken, or refused by name."""

from pathlib import Path

import pytest

from app.engine.database.errors import DatabaseUnavailable
from app.engine.database.url import IGNORED, REFUSED, TAKEN, DatabaseUrl


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("postgresql://a/db", [("a", 5432)]),
        ("postgres://a:1/db", [("a", 1)]),
        ("postgresql+asyncpg://a:1/db", [("a", 1)]),
        ("postgresql:///db", [("localhost", 5432)]),
        ("postgresql://u:p@a:1,b:2,c/db", [("a", 1), ("b", 2), ("c", 5432)]),
        ("postgresql:///db?host=a,b&port=1,2", [("a", 1), ("b", 2)]),
        ("postgresql:///db?host=a,b&port=7", [("a", 7), ("b", 7)]),
        ("postgresql://u@/db?host=/var/run", [("/var/run", 5432)]),
        ("postgresql://%2Fvar%2Frun/db", [("/var/run", 5432)]),
        ("postgresql://[::1]:6,[fe80::2]/db", [("::1", 6), ("fe80::2", 5432)]),
    ],
)
def test_hosts_and_ports_are_those_of_libpq(text: str, hosts: list[tuple[str, int]]) -> None:
    assert list(DatabaseUrl.parse(text).hosts) == hosts


def test_a_login_with_escapes_is_read_and_given_to_the_driver_without_hosts() -> None:
    url = DatabaseUrl.parse("postgresql://an%40n:s%2Fe%40c#ret@a:1,b:2/my%20shop?sslmode=require")
    assert (url.user, url.password, url.database) == ("an@n", "s/e@c#ret", "my shop")
    assert url.dsn() == "postgresql://an%40n:s%2Fe%40c%23ret@/my%20shop?sslmode=require"
    assert url.of_database("x") == "postgresql://an%40n:s%2Fe%40c%23ret@a:1,b:2/x?sslmode=require"
    assert DatabaseUrl.parse(url.of_database("x")).hosts == url.hosts


def test_no_password_is_shown() -> None:
    url = DatabaseUrl.parse("postgresql://ann:secret@a:1,b/shop?sslpassword=secret&sslmode=require")
    assert url.redacted() == "postgresql://ann:***@a:1,b:5432/shop?sslpassword=***&sslmode=require"
    with pytest.raises(DatabaseUnavailable) as refused:
        DatabaseUrl.parse("postgresql://ann:sec/ret@a/shop")
    assert "sec" not in str(refused.value)


def test_a_plus_in_a_parameter_is_a_plus() -> None:
    url = DatabaseUrl.parse("postgresql://a/db?user=x&password=a+b%2Bc%20d&passfile=/etc/a+b")
    assert (url.password, url.params["passfile"]) == ("a+b+c d", "/etc/a+b")
    assert DatabaseUrl.parse(url.dsn()).params["passfile"] == "/etc/a+b"


def test_the_parameters_that_providers_write_are_taken() -> None:
    url = DatabaseUrl.parse(
        "postgresql://u:p@ep-x-pooler.region.example/db?sslmode=verify-full&sslrootcert=/ca.pem&channel_binding=prefer"
        "&options=endpoint%3Dep-x&connect_timeout=7&application_name=billing&gssencmode=disable&sslnegotiation=direct"
        "&target_session_attrs=read-write&pgbouncer=false"
    )
    assert url.params["application_name"] == "billing"
    assert url.dsn() == (
        "postgresql://u:p@/db?sslmode=verify-full&sslrootcert=/ca.pem&options=endpoint%3Dep-x&sslnegotiation=direct"
    )


def test_the_certificates_of_the_system_are_checked_against_the_name_of_the_host(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "all.pem").touch()
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "all.pem"))
    for given in ("", "&sslmode=verify-full"):
        url = DatabaseUrl.parse(f"postgresql://a/db?sslrootcert=system{given}")
        assert dict(url.params) == {"sslrootcert": "system", "sslmode": "verify-full"}
        assert url.dsn() == f"postgresql:///db?sslrootcert={tmp_path}/all.pem&sslmode=verify-full"


@pytest.mark.parametrize("mode", ["disable", "allow", "prefer", "require", "verify-ca", "verify_full", ""])
def test_the_certificates_of_the_system_with_a_weaker_mode_are_refused(mode: str) -> None:
    with pytest.raises(DatabaseUnavailable, match=rf"^DATABASE_URL has sslmode={mode} with [^\n]+$"):
        DatabaseUrl.parse(f"postgresql://a/db?sslmode={mode}&sslrootcert=system")


def test_a_system_without_certificates_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "missing.pem"))
    with pytest.raises(DatabaseUnavailable, match=r"^DATABASE_URL has sslrootcert=system, [^\n]+$"):
        DatabaseUrl.parse("postgresql://a/db?sslrootcert=system").dsn()


@pytest.mark.parametrize("name", [*REFUSED, "statement_cache", "sslMode"])
def test_a_parameter_that_the_code_cannot_keep_is_refused_by_name(name: str) -> None:
    with pytest.raises(
        DatabaseUnavailable, match=rf"^DATABASE_URL has {name}(=require)?: remove it; \w[^\n]+$"
    ):
        DatabaseUrl.parse(f"postgresql://u:p@a/db?sslmode=require&{name}=require")


@pytest.mark.parametrize("attrs", ["any", "prefer-standby", "standby", "read-only"])
def test_sessions_that_could_miss_own_writes_are_refused(attrs: str) -> None:
    with pytest.raises(DatabaseUnavailable, match=rf"target_session_attrs={attrs}: .* read its own writes$"):
        DatabaseUrl.parse(f"postgresql://a,b/db?target_session_attrs={attrs}")


@pytest.mark.parametrize(
    "text",
    ["", "shop", "mysql://a/db", "postgresql://a:x/db", "postgresql://a,,b/db", "postgresql://a:0/db",
     "postgresql:///db?host=a,b&port=1,2,3", "postgresql://a/db?connect_timeout=soon"],
)  # fmt: skip
def test_what_is_no_url_of_a_database_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(DatabaseUnavailable, match=r"^DATABASE_URL[^\n]+$"):
        DatabaseUrl.parse(text)


def test_no_parameter_is_both_taken_and_refused() -> None:
    assert not TAKEN & (REFUSED.keys() | IGNORED.keys())
