"""The errors that any operation may answer though its model does not declare them, with their HTTP status.

Source: https://docs.aws.amazon.com/awssupport/latest/APIReference/CommonErrors.html (the same page in each service's
reference), https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html,
https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-error-codes.html
"""

_COMMON = {
    "AccessDeniedException": 403,
    "ExpiredTokenException": 403,
    "IncompleteSignature": 403,
    "InternalFailure": 500,
    "RequestEntityTooLargeException": 413,
    "RequestExpired": 400,
    "RequestTimeoutException": 408,
    "ServiceUnavailable": 503,
    "ThrottlingException": 400,
    "UnrecognizedClientException": 403,
    "ValidationException": 400,
}
_QUERY = {"AccessDenied": 403, "ExpiredToken": 403, "InternalFailure": 500, "RequestExpired": 400,
          "ServiceUnavailable": 503, "Throttling": 400, "ThrottlingException": 400, "ValidationError": 400}  # fmt: skip
_S3 = {"AccessDenied": 403, "ExpiredToken": 400, "InternalError": 500, "NoSuchBucket": 404, "NoSuchKey": 404,
       "OperationAborted": 409, "RequestTimeout": 400, "RequestTimeTooSkewed": 403, "ServiceUnavailable": 503,
       "SlowDown": 503}  # fmt: skip
_EC2 = {"InternalError": 500, "InternalFailure": 500, "RequestLimitExceeded": 503, "ServiceUnavailable": 503,
        "UnauthorizedOperation": 403, "Unavailable": 503}  # fmt: skip


def common_errors(service: str, protocol: str) -> dict[str, int]:
    """Return the codes that every operation of a service may answer, with their HTTP status."""
    if service == "s3":
        return _S3
    return {"ec2": _EC2, "query": _QUERY}.get(protocol, _COMMON)
