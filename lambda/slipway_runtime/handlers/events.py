"""The events that the functions receive, as far as they are read.

Unknown fields are ignored: AWS adds some over time.
"""

from typing import Annotated, Any

import msgspec

from slipway_runtime.generate.errors import ApiError, invalid
from slipway_runtime.operate.users import MAX_USER_CHARACTERS


class Authorizer(msgspec.Struct):
    """What our authorizer returned. `user`: who signed in, "" for a client, which acts for whomever it names."""

    tenant: str
    user: str = ""
    scopes: str = ""

    def acting_for(self, named: str | None) -> str:
        """Return whose request it is that names a user.

        Raises: ApiError 403 where another user has signed in, 400 for a name that is too long.
        """
        if self.user and named not in (None, "", self.user):
            raise ApiError(403, "This is another user than the one who signed in.", code="forbidden", param="user")
        if named and len(named) > MAX_USER_CHARACTERS:
            raise invalid(f"'user' may have {MAX_USER_CHARACTERS} characters.", "user")
        return self.user or named or ""


class RequestContext(msgspec.Struct):
    """Who calls."""

    authorizer: Authorizer


class ApiRequest(msgspec.Struct, rename="camel"):
    """A proxy event of a REST API."""

    http_method: str
    path: str
    request_context: RequestContext
    body: str | None = None
    is_base64_encoded: bool = msgspec.field(default=False, name="isBase64Encoded")
    query_string_parameters: dict[str, str] | None = None
    path_parameters: dict[str, str] | None = None


class SqsRecord(msgspec.Struct, rename="camel"):
    """A message of the ingestion queue."""

    message_id: str
    body: str
    receipt_handle: str = ""
    attributes: dict[str, str] = {}


class SqsEvent(msgspec.Struct):
    """A batch of messages."""

    records: list[SqsRecord] = msgspec.field(name="Records")


class Bucket(msgspec.Struct):
    """The bucket of an S3 event."""

    name: str


class S3Object(msgspec.Struct, rename="kebab"):
    """The object of an S3 event. A deletion has no size and, from EventBridge, the key is not URL-encoded."""

    key: str
    sequencer: str = msgspec.field()
    size: int = 0
    etag: str = ""
    version_id: str = ""


class S3Detail(msgspec.Struct, rename="kebab"):
    """What happened."""

    bucket: Bucket
    object: S3Object
    deletion_type: str = ""


class S3Event(msgspec.Struct, rename="kebab"):
    """An S3 event by EventBridge.

    Source: Amazon S3 user guide, "EventBridge event message structure".
    """

    detail_type: str
    detail: S3Detail
    time: str


class QueueMessage(msgspec.Struct, rename="kebab"):
    """What every message of the ingestion queue says but that of a job's end: of which kind it is."""

    detail_type: str = ""


class JobEnded(msgspec.Struct, rename="pascal"):
    """What Amazon Textract says when a job has ended; the tag is ours, the id of the document.

    Source: Amazon Textract developer guide, "Amazon Textract results notification".
    """

    job_tag: str
    status: str


class ConfirmationDetail(msgspec.Struct):
    """Which source may lose which share of its documents as duplicates."""

    source: str
    max_lost_share: Annotated[float, msgspec.Meta(ge=0, le=1)]


class Confirmation(msgspec.Struct):
    """What a person said when asked about a source that lost many documents."""

    detail: ConfirmationDetail


class TokenRequest(msgspec.Struct, rename="camel"):
    """An event of a TOKEN authorizer."""

    authorization_token: str
    method_arn: str


class CustomResourceEvent(msgspec.Struct, rename="pascal"):
    """A request of CloudFormation to a custom resource."""

    request_type: str
    response_url: str = msgspec.field(name="ResponseURL")
    stack_id: str
    request_id: str
    logical_resource_id: str
    resource_properties: dict[str, Any] = {}
    physical_resource_id: str = ""
