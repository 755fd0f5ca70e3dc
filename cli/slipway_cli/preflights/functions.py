"""What Lambda refuses: sizes, layers, variables, reservations, runtimes, and queues that show messages too early.

Source: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

import datetime
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from slipway_cli.preflights.blame import setting_of
from slipway_cli.preflights.finding import Finding, Severity
from slipway_cli.preflights.subject import Resource, Subject
from slipway_local.deploy.schemas import additional

LIMITS = "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"
RESERVED = "https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html"
VARIABLES = "https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html"
QUEUES = "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html"
RUNTIMES = "https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html"
MOST_UNZIPPED_BYTES, MOST_LAYERS, MOST_VARIABLE_BYTES = 262_144_000, 5, 4_096
DEFAULT_CONCURRENCY, LEAST_UNRESERVED = 1_000, 100
TAKEN = {
    *("_HANDLER", "_X_AMZN_TRACE_ID", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_EXECUTION_ENV", "LAMBDA_TASK_ROOT"),
    *("LAMBDA_RUNTIME_DIR", "AWS_LAMBDA_RUNTIME_API", "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_ACCESS_KEY"),
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_LAMBDA_FUNCTION_NAME"),
    *("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_LOG_GROUP_NAME"),
    "AWS_LAMBDA_LOG_STREAM_NAME",
}
DEFAULT_VISIBILITY_SECONDS, DEFAULT_TIMEOUT_SECONDS = 30, 3


def code_sizes(subject: Subject) -> Iterator[Finding]:
    """Yield an error for each function whose code and layers are too large together, or has too many layers."""
    for function in subject.of("AWS::Lambda::Function"):
        layers = function.properties.get("Layers", [])
        if len(layers) > MOST_LAYERS:
            yield _finding(
                function, "layers", f"{len(layers)} layers, of at most {MOST_LAYERS}", "Join layers.", LIMITS
            )
        parts = [function, *(item for layer in layers if (item := subject.named(function.stack, layer)))]
        size = sum(_unzipped(part) for part in parts)
        if size > MOST_UNZIPPED_BYTES:
            what = f"code and layers have {size / 1e6:,.0f} MB unzipped, of at most {MOST_UNZIPPED_BYTES / 1e6:,.0f} MB"
            yield _finding(function, "code-size", what, "Take out packages that the function does not need.", LIMITS)


def variables(subject: Subject) -> Iterator[Finding]:
    """Yield an error for each function with too long environment variables, or with names that Lambda keeps."""
    for function in subject.of("AWS::Lambda::Function"):
        values = function.properties.get("Environment", {}).get("Variables", {})
        size = len(json.dumps(values, separators=(",", ":")))
        if size > MOST_VARIABLE_BYTES:
            what = f"environment variables have about {size:,} bytes, of at most {MOST_VARIABLE_BYTES:,}"
            yield _finding(function, "variables", what, "Put what is long into a parameter.", LIMITS)
        for name in sorted(TAKEN & set(values)):
            yield _finding(function, "variables", f"{name} is kept by Lambda", "Choose another name.", VARIABLES)


def reservations(subject: Subject) -> Iterator[Finding]:
    """Yield a warning for reserved executions beyond what an account has by default; online the quota is read."""
    reserved = sum(int(item.properties.get("ReservedConcurrentExecutions", 0)) for item in _functions(subject))
    if reserved > DEFAULT_CONCURRENCY - LEAST_UNRESERVED:
        yield Finding(
            check="reserved-concurrency",
            what=f"{reserved} executions are reserved; an account has {DEFAULT_CONCURRENCY}, of which "
            f"{LEAST_UNRESERVED} stay free",
            where=subject.environment,
            setting="ingestion.max_concurrency",
            remedy="Reserve less, or have the quota raised before.",
            documentation=RESERVED,
            severity=Severity.WARNING,
        )


def queues(subject: Subject) -> Iterator[Finding]:
    """Yield an error for each queue whose messages show again before the function that reads them may have ended."""
    for mapping in subject.of("AWS::Lambda::EventSourceMapping"):
        queue = subject.named(mapping.stack, mapping.properties.get("EventSourceArn"))
        function = subject.named(mapping.stack, mapping.properties.get("FunctionName"))
        if queue and function and queue.type == "AWS::SQS::Queue":
            visible = int(queue.properties.get("VisibilityTimeout", DEFAULT_VISIBILITY_SECONDS))
            timeout = int(function.properties.get("Timeout", DEFAULT_TIMEOUT_SECONDS))
            if visible < timeout:
                what = f"messages show again after {visible} s, the function {function.name} may run {timeout} s"
                yield _finding(queue, "visibility", what, "Lengthen VisibilityTimeout to six times that.", QUEUES)


def runtimes(subject: Subject) -> Iterator[Finding]:
    """Yield an error for each function whose runtime can no longer be created."""
    lifecycle: dict[str, dict[str, Any]] = additional("LmbdRuntimeLifecycle")
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    for function in subject.of("AWS::Lambda::Function"):
        runtime = function.properties.get("Runtime", "")
        ends = lifecycle.get(runtime, {}).get("create-block")
        if ends and ends <= today:
            what = f"functions with {runtime} cannot be created since {ends}"
            yield _finding(function, "runtime", what, "Use a runtime that is supported.", RUNTIMES)


def _functions(subject: Subject) -> Iterator[Resource]:
    return subject.of("AWS::Lambda::Function")


def _unzipped(resource: Resource) -> int:
    """The size of what a function or layer brings, as far as the assembly has it."""
    code = resource.properties.get("Code") or resource.properties.get("Content") or {}
    path = resource.stack.assets.get(str(code.get("S3Key", "")).split(".")[0])
    if path is None or not path.exists():
        return 0
    if path.is_dir():
        return sum(_size(file) for file in path.rglob("*") if file.is_file())
    with zipfile.ZipFile(path) as archive:
        return sum(entry.file_size for entry in archive.infolist())


def _size(file: Path) -> int:
    if file.suffix != ".zip":
        return file.stat().st_size
    with zipfile.ZipFile(file) as archive:
        return sum(entry.file_size for entry in archive.infolist())


def _finding(resource: Resource, check: str, what: str, remedy: str, documentation: str) -> Finding:
    return Finding(
        check=check, what=what, where=resource.where, setting=setting_of(resource), remedy=remedy,
        documentation=documentation,
    )  # fmt: skip
