"""TLS: what the parameters of DATABASE_URL ask for is done, on every session, and what fails is one line."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from uuid import uuid4

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.engine.database.connections import open_database
from app.engine.database.errors import DatabaseUnavailable
from app.engine.settings import EngineSettings
from tests.support.clusters import cluster, pgbouncer
from tests.support.toy_counter import Add, engine, request, tally


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate of 127.0.0.1 that is its own authority, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a database")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = folder / "server.crt", folder / "server.key"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return files


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="module")
def encrypted(certificate: tuple[Path, Path]) -> Iterator[str]:
    """A database that takes no session without TLS. A pooler ends the encryption."""
    with cluster() as primary:
        database = primary.create_database().rpartition("/")[2]
        with pgbouncer(primary, "session", database=database, certificate=certificate) as url:
            yield url


async def test_every_session_is_encrypted_and_the_certificate_is_checked(
    encrypted: str, certificate: tuple[Path, Path]
) -> None:
    # The server takes no other sessions: each of reads, writes, leases and notifications has to be one.
    url = f"{encrypted}?sslmode=verify-full&sslrootcert={certificate[0]}"
    async with (
        open_database(EngineSettings(database_url=url, pool_size=2)) as database,
        engine(database) as running,
    ):
        await running.commands.execute(tally, uuid4(), Add(amount=1), request())
        await running.projector.wait_for_position("tallies", 1, 5)
        assert await database.pool.fetchval("SELECT sum FROM read.tallies_v1") == 1


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ("sslmode=verify-full&sslrootcert={other}", "certificate"),
        ("sslmode=verify-full&sslrootcert=system", "certificate"),
        ("sslmode=disable", "SSL required"),
    ],
)
async def test_a_session_that_cannot_be_as_it_is_asked_for_is_refused_in_one_line(
    encrypted: str, tmp_path: Path, params: str, said: str
) -> None:
    other, _ = make_certificate(tmp_path)
    url = f"{encrypted}?{params.format(other=other)}"
    with pytest.raises(DatabaseUnavailable, match=rf"^[^\n]*{said}[^\n]*$"):
        async with open_database(EngineSettings(database_url=url)):
            pass
