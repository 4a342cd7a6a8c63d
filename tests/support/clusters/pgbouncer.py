"""A connection pooler between the clients and a cluster."""

import shutil
import socket
import tempfile
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Literal

import pytest

from tests.support.clusters.postgres import Cluster
from tests.support.clusters.processes import (
    kill_family,
    own_folder,
    prepare_user,
    start_program,
    wait_until,
)
from tests.support.ports import free_port

TLS = """
client_tls_sslmode = require
client_tls_cert_file = {}
client_tls_key_file = {}
"""


@contextmanager
def pgbouncer(
    cluster: Cluster,
    pool_mode: Literal["session", "transaction", "statement"],
    *,
    database: str = "postgres",
    pool_size: int = 20,
    ignore_startup_parameters: str = "extra_float_digits",
    certificate: tuple[Path, Path] | None = None,
) -> Generator[str]:
    """The URL of the database by way of a pooler. With a certificate and its key it takes TLS only. Skips the test if pgbouncer is not installed."""
    program = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin:/usr/local/bin")
    if program is None:
        pytest.skip("pgbouncer is not installed (Debian: pgbouncer)")
    prepare_user()
    with tempfile.TemporaryDirectory(prefix="pgbouncer-") as name:
        folder, port = own_folder(Path(name)), free_port()
        (folder / "users.txt").write_text('"postgres" ""\n')
        (folder / "pgbouncer.ini").write_text(f"""
[databases]
* = host=127.0.0.1 port={cluster.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {folder}/users.txt
pool_mode = {pool_mode}
default_pool_size = {pool_size}
max_client_conn = 200
ignore_startup_parameters = {ignore_startup_parameters}
{"" if certificate is None else TLS.format(*(shutil.copy(file, folder) for file in certificate))}
""")
        for file in folder.iterdir():
            file.chmod(0o644)
        process = start_program(program, folder / "pgbouncer.ini", log=folder / "log")

        def listens() -> bool:
            assert process.poll() is None, (folder / "log").read_text()
            with closing(socket.socket()) as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        try:
            wait_until(listens, "pgbouncer listens", 10)
            yield f"postgresql://postgres@127.0.0.1:{port}/{database}"
        finally:
            kill_family(process)
