"""Requests to MLflow's API on their way to an app's server.

They come to an address of their own on AWS (`SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT` moves it here), signed as SageMaker's
and with the app's ARN in a header. Source: https://github.com/aws/sagemaker-mlflow
"""

import http.client
import json
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from slipway_local.front_door import Application
from slipway_local.tracking.apps import AppError, Apps
from slipway_local.tracking.server import NoServerError

HEADER = "HTTP_X_SM_MLFLOW_APP_ARN"
SECONDS = 60.0


class MlflowApi:
    """A WSGI application for requests that name an app; `others` serves the rest of what is signed as SageMaker's."""

    def __init__(self, apps: Apps, others: Application) -> None:
        self._apps, self._others = apps, others

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Serve one request."""
        arn = environ.get(HEADER)
        if not arn:
            return self._others(environ, start_response)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self._apps.server(arn).port(), timeout=SECONDS)
        except AppError as error:
            return _refuse(start_response, 403, "PERMISSION_DENIED", str(error))
        except NoServerError as error:
            return _refuse(start_response, 501, "NOT_IMPLEMENTED", str(error))
        query = f"?{environ['QUERY_STRING']}" if environ.get("QUERY_STRING") else ""
        kind = {"Content-Type": environ["CONTENT_TYPE"]} if environ.get("CONTENT_TYPE") else {}
        try:
            connection.request(environ["REQUEST_METHOD"], environ["PATH_INFO"] + query, body, kind)
            answer = connection.getresponse()
            data, told = answer.read(), answer.getheader("Content-Type") or "application/json"
        except OSError as error:
            return _refuse(start_response, 503, "TEMPORARILY_UNAVAILABLE", f"MLflow's server went away: {error}")
        finally:
            connection.close()
        start_response(f"{answer.status} {answer.reason}", [("Content-Type", told), ("Content-Length", str(len(data)))])
        return [data]


def _refuse(start_response: Any, status: int, code: str, message: str) -> list[bytes]:
    data = json.dumps({"error_code": code, "message": message}).encode()
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(data)))]
    start_response(f"{status} {HTTPStatus(status).phrase}", headers)
    return [data]
