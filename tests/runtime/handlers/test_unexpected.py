"""What a client is told where a service of AWS refuses: what passes by itself is a 503 that says when to try again.

Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
"""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

from slipway_runtime.handlers.http import respond


def refusal(code: str, status: int = 400, **more: Any) -> ClientError:
    answer: Any = {
        "Error": {"Code": code, "Message": "the text of a document"},
        "ResponseMetadata": {"HTTPStatusCode": status},
        **more,
    }
    return ClientError(answer, "DeleteObjects")


def answer_to(error: Exception) -> dict[str, Any]:
    def route(_request: Any) -> None:
        raise error

    event = {"httpMethod": "DELETE", "path": "/v1/x", "requestContext": {"authorizer": {"tenant": "acme"}}}
    found: dict[str, Any] = respond(event, route)
    return found


CONFLICTS = {"CancellationReasons": [{"Code": "None"}, {"Code": "TransactionConflict"}]}
PASSING = {
    "throttled": refusal("ThrottlingException"),
    "slow down": refusal("SlowDown", 503),
    "any 5xx": refusal("SomethingNew", 502),
    "conflict": refusal("TransactionCanceledException", **CONFLICTS),
    "unreachable": ConnectTimeoutError(endpoint_url="https://s3"),
    "late": TimeoutError(),
}


@pytest.mark.parametrize("error", PASSING.values(), ids=PASSING)
def test_what_passes_is_a_503_with_retry_after(error: Exception, logged: Callable[[], str]) -> None:
    answer = answer_to(error)
    assert (answer["statusCode"], answer["headers"]["retry-after"]) == (503, "2")
    assert '"service_unavailable"' in answer["body"]
    assert "the text of a document" not in logged()


@pytest.mark.parametrize(
    "error",
    [
        refusal("AccessDeniedException"),
        refusal("TransactionCanceledException", CancellationReasons=[{"Code": "ConditionalCheckFailed"}]),
    ],
)
def test_anything_else_is_a_500_whose_code_and_operation_are_logged(
    error: ClientError, logged: Callable[[], str]
) -> None:
    answer = answer_to(error)
    assert answer["statusCode"] == 500 and "retry-after" not in answer["headers"]
    said = logged()
    assert error.response["Error"]["Code"] in said and "DeleteObjects" in said
    assert "the text of a document" not in said
