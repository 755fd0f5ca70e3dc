"""The fields that each type of state may have.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html
"""

COMMON = {"Type", "Comment", "QueryLanguage"}
ONWARD = {"Next", "End", "Assign"}
PATH_ONLY = {"InputPath", "OutputPath", "ResultPath", "ResultSelector", "Parameters", "ItemsPath"}
JSONATA_ONLY = {"Arguments", "Output", "Items"}
FILTERS = {"InputPath", "OutputPath", "Output"}
HANDLERS = {"Retry", "Catch", "ResultPath", "ResultSelector", "Parameters", "Arguments"}
LIMITS = {"TimeoutSeconds", "TimeoutSecondsPath", "HeartbeatSeconds", "HeartbeatSecondsPath"}
DISTRIBUTED = {"ItemReader", "ItemBatcher", "ResultWriter", "Label"}
TOLERATED = {f"ToleratedFailure{kind}{path}" for kind in ("Count", "Percentage") for path in ("", "Path")}
FIELDS = {
    "Pass": ONWARD | FILTERS | {"Result", "ResultPath", "Parameters"},
    "Task": ONWARD | FILTERS | HANDLERS | LIMITS | {"Resource", "Credentials"},
    "Choice": FILTERS | {"Choices", "Default", "Assign"},
    "Wait": ONWARD | FILTERS | {"Seconds", "SecondsPath", "Timestamp", "TimestampPath"},
    "Succeed": FILTERS,
    "Fail": {"Error", "ErrorPath", "Cause", "CausePath"},
    "Parallel": ONWARD | FILTERS | HANDLERS | {"Branches"},
    "Map": ONWARD | FILTERS | HANDLERS | DISTRIBUTED | TOLERATED
    | {"ItemProcessor", "Iterator", "ItemSelector", "ItemsPath", "Items", "MaxConcurrency", "MaxConcurrencyPath"},
}  # fmt: skip
REQUIRED = {"Task": ["Resource"], "Choice": ["Choices"], "Parallel": ["Branches"]}
RETRY_FIELDS = {
    "ErrorEquals",
    "IntervalSeconds",
    "MaxAttempts",
    "BackoffRate",
    "MaxDelaySeconds",
    "JitterStrategy",
    "Comment",
}
CATCH_FIELDS = {"ErrorEquals", "Next", "ResultPath", "Output", "Assign", "Comment"}
