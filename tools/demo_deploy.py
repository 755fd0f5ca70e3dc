"""The demo's deployments: the fine-tuned tiny model goes before users behind a canary, and one that fails comes back.

They happen in `release`, an environment with an endpoint that never sleeps, which is brought up beside dev and put down
at the end. Its first version is the base model; each model is served by torch, in a process for each copy.
"""

import json
import shutil
import tarfile
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from slipway_cli import deployments, local, model_files
from slipway_cli.errors import CommandError
from slipway_cli.models import Models
from slipway_cli.project import Project
from slipway_cli.target import Target, find_target
from slipway_local import cloud
from slipway_local.functions.packages import Packages
from slipway_local.training import runtime
from tools.demo_fine_tune import NAME, Step

ENVIRONMENT, ENDPOINT = "release", "support"
DONE = "demo"  # what a version says of itself once it was deployed
BAKE_SECONDS = 10  # the settings say ten minutes
CONTEXT = 4096
ASK = json.dumps({"messages": [{"role": "user", "content": "red cat house"}]}).encode()
TITLE = "approved, canary, promoted; a bad one back"


def step(here: Project, dev: Target) -> Step:
    """Deploy, or say what was left out and what adds it. Raises: CommandError if it did not work as it should."""
    started = time.monotonic()
    requirements = (here.root / "jobs" / "fine_tune" / "requirements.txt").read_bytes()
    if not runtime.is_installed(Packages(here.cache), requirements):
        return TITLE, 0.0, "skipped: there is no fine-tuned model without torch; `make torch` adds it (about 750 MB)"
    version = Models(dev).version(NAME)
    if said := version["lineage"].get(DONE):
        return TITLE, 0.0, f"done before: {said}"
    folders = [str(each) for each in runtime.python_path(Packages(here.cache), requirements)]
    local.bring_up(here, ENVIRONMENT, local.Via.DIRECT)
    try:
        with tempfile.TemporaryDirectory() as made:
            detail = _deployments(find_target(here, ENVIRONMENT, aws=False), _models(dev, Path(made), folders))
    finally:
        cloud.down(here.state(ENVIRONMENT))
    Models(dev).update(f"{NAME}/{version['version']}", "Approved", "make demo", **{DONE: detail})
    return TITLE, time.monotonic() - started, detail


def _deployments(release: Target, models: dict[str, Path]) -> str:
    _approved(release, models["base"], "promoted")
    _approved(release, models["tuned"], "promoted")
    with _Traffic(release) as counts:
        back = _approved(release, models["bad"], "rolled_back")
        share = counts["failed"] / max(counts.total(), 1)
    if _served(release) != "tuned":
        raise CommandError(f"the fine-tuned model should be served, and {_served(release)} is")
    return (
        f"the fine-tuned model serves; a failing one went back in {back['seconds']} s, {share:.0%} of requests failed"
    )


def _approved(release: Target, folder: Path, wanted: str) -> dict[str, Any]:
    """Register and approve a model, and follow the deployment that this starts."""
    found = model_files.add(release, ENDPOINT, folder)
    models = Models(release)
    models.update(f"{ENDPOINT}/{found['version']}", "Approved", "make demo", bake_seconds=str(BAKE_SECONDS))
    outcome = deployments.follow(release, _started(release, found["arn"]))
    if outcome["outcome"] != wanted:
        raise CommandError(f"the model {folder.name} should be {wanted.replace('_', ' ')} and is not: {outcome}")
    return outcome


def _started(release: Target, package: str) -> str:
    states, machine = release.client("stepfunctions"), release.parameter("deployment/state-machine-arn")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for each in states.list_executions(stateMachineArn=machine)["executions"]:
            shown = states.describe_execution(executionArn=each["executionArn"])
            if json.loads(shown["input"]).get("package") == package:
                return str(each["executionArn"])
        time.sleep(0.5)
    raise CommandError(f"the approval of {package} started no deployment")


def _models(dev: Target, into: Path, folders: list[str]) -> dict[str, Path]:
    """Return the folders of three models: the base, the fine-tuned one, and one that fails."""
    found = Models(dev).version(NAME)
    s3, (bucket, _, key) = dev.client("s3"), found["model"].removeprefix("s3://").partition("/")
    archive = into / "model.tar.gz"
    s3.download_file(bucket, key, str(archive))
    tuned = into / "tuned"
    with tarfile.open(archive) as packed:
        packed.extractall(tuned, filter="data")
    base = into / "base"
    base.mkdir()
    own, prefix = dev.parameter("foundation/artifacts-bucket-name"), found["lineage"]["base"]
    for each in s3.list_objects_v2(Bucket=own, Prefix=prefix)["Contents"]:
        s3.download_file(own, each["Key"], str(base / Path(each["Key"]).name))
    shutil.copytree(base, into / "bad")
    made = {name: into / name for name in ("base", "tuned", "bad")}
    for name, folder in made.items():
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        # The endpoint promises so many tokens; the tiny model's positions are rotary, and know no end.
        (folder / "config.json").write_text(json.dumps(config | {"max_position_embeddings": CONTEXT}), encoding="utf-8")
        shutil.copy(Path(__file__).with_name("demo_serve.py"), folder / "serve.py")
        about = {"name": name, "fails": name == "bad", "folders": folders}
        (folder / "about.json").write_text(json.dumps(about), encoding="utf-8")
    return made


def _served(release: Target) -> str:
    """Return which model answers, "" if none does."""
    name = f"slipway-{ENVIRONMENT}-{ENDPOINT}"
    given = {"EndpointName": name, "ContentType": "application/json", "Body": ASK}
    try:
        answer = release.client("sagemaker-runtime").invoke_endpoint(**given)
    except ClientError:
        return ""
    return str(json.loads(answer["Body"].read())["model"])


class _Traffic:
    """Asks all the while, and counts who answered; `failed` if nobody did."""

    def __init__(self, release: Target) -> None:
        self._target, self._done, self._counts = release, threading.Event(), Counter[str]()
        self._thread = threading.Thread(target=self._ask, daemon=True)

    def __enter__(self) -> Counter[str]:
        self._thread.start()
        return self._counts

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _ask(self) -> None:
        while not self._done.wait(0.05):
            self._counts[_served(self._target) or "failed"] += 1
