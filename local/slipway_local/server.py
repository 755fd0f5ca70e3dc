"""The daemon of the local cloud: `python -m slipway_local.server --state DIR --cache DIR --port 0`.

One port on 127.0.0.1 for everything. It holds a lock on its state folder for as long as it lives, and writes
`daemon.json` (process id, address, the key of the paths under /_slipway) when it is ready.
"""

import argparse
import json
import os
import signal
import sys
import threading
from pathlib import Path

from werkzeug.serving import make_server

from slipway_local import administrator, lean_models
from slipway_local.aws import DEFAULT_ACCOUNT, DEFAULT_REGION, Place
from slipway_local.emulator import Emulator
from slipway_local.request_handler import RequestHandler
from slipway_local.snapshot import SnapshotError
from slipway_local.state_folder import UNWRITABLE, AlreadyRunningError, hold, listen, unwritable

SETTINGS = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",
}


def main(arguments: list[str] | None = None) -> int:
    """Run the daemon until SIGTERM, SIGINT or a request to /_slipway/shutdown; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--state", type=Path, required=True, help="folder for state and logs")
    parser.add_argument("--cache", type=Path, required=True, help="folder for unpacked code and installed packages")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--notice", default="", help="what to say in `status` first")
    parser.add_argument("--account", default=DEFAULT_ACCOUNT)
    parser.add_argument("--region", default=DEFAULT_REGION)
    given = parser.parse_args(arguments)
    given.state = given.state.resolve()
    try:
        with hold(given.state):
            return _run(given)
    except AlreadyRunningError as error:
        sys.stderr.write(f"{error}\n")
    except OSError as error:
        if error.errno not in UNWRITABLE:
            raise
        sys.stderr.write(f"{unwritable(given.state, error)}\n")
    return 1


def _run(given: argparse.Namespace) -> int:
    # Set before moto is imported: it reads them once.
    os.environ.update(SETTINGS, MOTO_ACCOUNT_ID=given.account, AWS_DEFAULT_REGION=given.region)
    listener = listen(given.state / "port", given.port)
    port = listener.getsockname()[1]
    os.environ["AWS_ENDPOINT_URL"] = endpoint = f"http://localhost:{port}"
    lean_models.install()
    keys = administrator.ensure(given.state)
    os.environ.update(AWS_ACCESS_KEY_ID=keys.access_key_id, AWS_SECRET_ACCESS_KEY=keys.secret_access_key)
    place = Place(endpoint_url=endpoint, account=given.account, region=given.region, administrator=keys)
    emulator = Emulator(given.state, given.cache, place)
    emulator.recovery.notices += [given.notice] * bool(given.notice)
    emulator.recovery.prepare()
    emulator.start()
    try:
        emulator.restore()
    except SnapshotError as error:
        emulator.databases.stop()
        notice = emulator.recovery.refuse(error)
        sys.stderr.write(f"{notice}\n")
        sys.stderr.flush()
        # A process of its own: this one may hold half of the snapshot.
        os.execv(sys.executable, [sys.executable, "-m", __spec__.name, *sys.argv[1:], f"--notice={notice}"])  # noqa: S606
    server = make_server(
        "127.0.0.1", port, emulator.front_door, threaded=True, request_handler=RequestHandler, fd=listener.fileno()
    )
    # `shutdown` waits for the server's loop, so it cannot run in that thread, where signals are handled.
    emulator.shut_down = lambda: threading.Thread(target=server.shutdown, daemon=True).start()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: emulator.shut_down())
    ready = given.state / "daemon.json"
    _announce(ready, {"pid": os.getpid(), "port": port, "endpoint_url": endpoint, "key": emulator.key})
    try:
        server.serve_forever(poll_interval=0.1)
    finally:
        emulator.stop()
        ready.unlink(missing_ok=True)
    return 0


def _announce(ready: Path, about: dict[str, object]) -> None:
    ready.touch(mode=0o600)
    ready.chmod(0o600)  # it holds the key
    ready.write_text(json.dumps(about), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
