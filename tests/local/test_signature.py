"""Who signed a request, in each of the places where a signature may stand.

Expectations: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-auth-using-authorization-header.html,
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html and, for version 2,
https://docs.aws.amazon.com/AmazonS3/latest/userguide/RESTAuthentication.html
"""

import pytest

from slipway_local.signature import signature_of

pytestmark = pytest.mark.capability("O14")

HEADER = "AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-1/Lambda/aws4_request, SignedHeaders=host, Signature=0"
QUERY = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKID%2F20260101%2Feu-west-1%2Fs3%2Faws4_request&X-Amz-Date=0"


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"HTTP_AUTHORIZATION": HEADER}, ("AKID", "eu-west-1", "lambda")),
        ({"QUERY_STRING": QUERY}, ("AKID", "eu-west-1", "s3")),
        ({"HTTP_AUTHORIZATION": HEADER, "QUERY_STRING": QUERY}, ("AKID", "eu-west-1", "lambda")),
        ({"QUERY_STRING": "AWSAccessKeyId=AKID&Expires=1&Signature=x"}, ("AKID", "us-east-1", "s3")),
        ({"HTTP_AUTHORIZATION": "Bearer eyJ", "QUERY_STRING": "list-type=2"}, None),
        ({}, None),
    ],
)
def test_a_signature_is_found_in_the_header_or_the_query(
    environ: dict[str, str], expected: tuple[str, str, str] | None
) -> None:
    assert signature_of(environ) == expected
