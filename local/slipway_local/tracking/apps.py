"""The operations on MLflow Apps, which moto has not.

Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateMlflowApp.html and its neighbours
"""

import json
import secrets
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from slipway_local.aws import Place
from slipway_local.functions.packages import Packages
from slipway_local.permissions.enforcement import enforcement
from slipway_local.tracking.server import NoServerError, Server
from slipway_local.training.contract import UnsupportedJobError, check_shape

SESSION, MLFLOW_VERSION = "SageMaker", "3.17"
REFUSED = ("AccountDefaultStatus", "DefaultDomainIdList")  # of Studio, which is not emulated
CHANGING = ("Name", "ArtifactStoreUri", "ModelRegistrationMode", "WeeklyMaintenanceWindowStart")

Json = dict[str, Any]


class AppError(Exception):
    """What SageMaker answers with a ValidationException."""


class Apps:
    """The apps by ARN, and their servers; what is kept of an app is its record and its folder."""

    changes = 0

    def __init__(self, place: Place, packages: Packages, folder: Path) -> None:
        self._place, self._packages, self._folder = place, packages, folder
        self.records: dict[str, Json] = {}
        self._servers: dict[str, Server] = {}

    def state(self) -> Any:
        """Return what is kept."""
        return self.records

    def restore(self, state: Any) -> None:
        """Take it back; a server starts with its first request."""
        self.records = state

    def close(self) -> None:
        """End the servers."""
        for server in self._servers.values():
            server.close()

    def server(self, arn: str) -> Server:
        """Return the server of an app. Raises: AppError."""
        record = self._known(arn)
        if arn not in self._servers:
            session = enforcement.sessions.open(record["RoleArn"], SESSION, self._place.region)
            aws = {
                "AWS_ENDPOINT_URL": self._place.endpoint_url,
                "AWS_REGION": self._place.region,
                "AWS_DEFAULT_REGION": self._place.region,
                "AWS_ACCESS_KEY_ID": session.access_key_id,
                "AWS_SECRET_ACCESS_KEY": session.secret_access_key,
                "AWS_SESSION_TOKEN": session.session_token,
            }
            folder = self._folder / arn.rpartition("/")[2]
            self._servers[arn] = Server(self._packages, folder, record["ArtifactStoreUri"], aws)
        return self._servers[arn]

    def operations(self) -> dict[str, Callable[[Json], Json]]:
        """Return what serves each operation."""
        return {
            "CreateMlflowApp": self._create,
            "DescribeMlflowApp": lambda asked: dict(self._known(asked["Arn"])),
            "UpdateMlflowApp": self._update,
            "DeleteMlflowApp": self._delete,
            "ListMlflowApps": self._list,
            "CreatePresignedMlflowAppUrl": self._presign,
        }

    def _known(self, arn: str) -> Json:
        if arn not in self.records:
            raise AppError(f"MLflow App {arn} does not exist.")
        return self.records[arn]

    def _create(self, asked: Json) -> Json:
        if any(each["Name"] == asked["Name"] for each in self.records.values()):
            raise AppError(f"MLflow App {asked['Name']} already exists.")
        now = time.time()
        arn = self._place.arn("sagemaker", f"mlflow-app/app-{secrets.token_hex(6).upper()}")
        fixed = {"Arn": arn, "MlflowVersion": MLFLOW_VERSION, "Status": "Created", "CreationTime": now}
        kept = {name: value for name, value in asked.items() if name != "Tags"}
        mode = {"ModelRegistrationMode": "AutoModelRegistrationDisabled"}
        self.records[arn] = {**mode, **kept, **fixed, "LastModifiedTime": now}
        return {"Arn": arn}

    def _update(self, asked: Json) -> Json:
        record = self._known(asked["Arn"])
        if asked.get("ArtifactStoreUri", record["ArtifactStoreUri"]) != record["ArtifactStoreUri"]:
            self._end(asked["Arn"])
        record |= {name: asked[name] for name in CHANGING if name in asked} | {"LastModifiedTime": time.time()}
        return {"Arn": asked["Arn"]}

    def _delete(self, asked: Json) -> Json:
        self._known(asked["Arn"])
        self._end(asked["Arn"])
        del self.records[asked["Arn"]]
        shutil.rmtree(self._folder / asked["Arn"].rpartition("/")[2], ignore_errors=True)
        return {"Arn": asked["Arn"]}

    def _list(self, _asked: Json) -> Json:
        shown = ("Arn", "Name", "Status", "MlflowVersion", "CreationTime", "LastModifiedTime")
        return {"Summaries": [{name: each[name] for name in shown} for each in self.records.values()]}

    def _presign(self, asked: Json) -> Json:
        try:
            return {"AuthorizedUrl": f"http://127.0.0.1:{self.server(asked['Arn']).port()}/"}
        except NoServerError as error:
            raise AppError(str(error)) from None

    def _end(self, arn: str) -> None:
        if server := self._servers.pop(arn, None):
            server.close()


def install(apps: Apps) -> None:
    """Put the operations beside moto's."""
    from moto.core.responses import ActionResult
    from moto.sagemaker.exceptions import AWSValidationException
    from moto.sagemaker.responses import SageMakerResponse

    def operation(name: str, serve: Callable[[Json], Json]) -> Callable[[Any], Any]:
        def handler(self: Any) -> Any:
            asked = json.loads(self.body)
            try:
                check_shape(name, asked)
                if refused := [each for each in REFUSED if asked.get(each)]:
                    raise AppError(f"this local cloud has no {refused[0]} of an MLflow App; leave it out")
                return ActionResult(serve(asked))
            except (AppError, UnsupportedJobError) as error:
                raise AWSValidationException(str(error)) from None

        return handler

    for name, serve in apps.operations().items():
        words = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
        setattr(SageMakerResponse, words.lstrip("_"), operation(name, serve))
