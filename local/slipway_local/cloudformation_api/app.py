"""The AWS query protocol of CloudFormation: requests and answers by moto's parser and serializer, from the model.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/Welcome.html
"""

import traceback
import uuid
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from slipway_local.aws_json import ServiceError
from slipway_local.cloudformation_api.answers import Answers
from slipway_local.cloudformation_api.change_sets import ChangeSets
from slipway_local.cloudformation_api.lifecycle import Lifecycle
from slipway_local.cloudformation_api.submission import Submissions
from slipway_local.deploy.engine import Engine
from slipway_local.deploy.intrinsics import TemplateError
from slipway_local.deploy.outputs import DeployError
from slipway_local.deploy.stack_state import StackInUseError


class CloudFormationApi:
    """A WSGI application: each operation is the method of the same name of one of its parts."""

    def __init__(self, engine: Engine) -> None:
        submissions = Submissions(engine)
        self._parts = (Answers(engine, submissions), ChangeSets(engine, submissions), Lifecycle(engine, submissions))

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Serve one request."""
        from moto.core.parse import QueryParser
        from moto.core.serialize import QuerySerializer, SerializationContext
        from moto.core.utils import get_service_model

        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode()
        values = dict(parse_qsl(body or environ.get("QUERY_STRING", ""), keep_blank_values=True))
        operation = get_service_model("cloudformation").operation_model(values["Action"])
        parameters = QueryParser(operation).parse({"values": values})
        try:
            result = self._operation(values["Action"])(parameters)
        except (TemplateError, DeployError, StackInUseError) as error:
            result = ServiceError("ValidationError", str(error))
        except ServiceError as error:
            result = error
        except Exception as error:
            traceback.print_exc()
            result = ServiceError("InternalFailure", f"{type(error).__name__}: {error}; the daemon's log has more", 500)
        answer = QuerySerializer(operation, SerializationContext(str(uuid.uuid4()))).serialize(result)
        content = answer["body"].encode() if isinstance(answer["body"], str) else answer["body"]
        status = answer["status_code"]
        headers = [("Content-Type", "text/xml"), ("Content-Length", str(len(content)))]
        start_response(f"{status} {HTTPStatus(status).phrase}", headers)
        return [content]

    def _operation(self, name: str) -> Any:
        from botocore import xform_name

        for part in self._parts:
            if found := getattr(part, xform_name(name), None):
                return found
        served = sorted(key for part in self._parts for key in dir(part) if not key.startswith("_"))
        raise ServiceError("NotImplemented", f"{name} is not emulated; served are: {', '.join(served)}")
