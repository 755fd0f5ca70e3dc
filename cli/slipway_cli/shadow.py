"""`slipway models shadow`: what a shadow answered to users' requests, beside what they got."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from slipway_cli.errors import CommandError
from slipway_cli.options import AsJson, Environment, InAws
from slipway_cli.output import answers, print_json
from slipway_cli.project import project
from slipway_cli.target import Target, find_target
from slipway_runtime.evaluate.shadow import Exchange, comparison, exchange_of, pairs_of
from slipway_runtime.evaluate.shadow_page import page
from slipway_runtime.operate.deploy.figures import figures

MAIN, SHADOW = "main", "shadow"


def shadow(
    endpoint: Annotated[str, typer.Argument(metavar="ENDPOINT", help="As it is called in serving.endpoints.")],
    hours: Annotated[int, typer.Option(min=1, max=720, help="How far to look back.")] = 24,
    output: Annotated[Path | None, typer.Option(help="A folder for shadow.html and shadow.json.")] = None,
    env: Environment = "dev",
    aws: InAws = False,
    as_json: AsJson = False,
) -> None:
    """Compare the captured answers of a shadow: agreement, length, latency, error rate, worst differences."""
    report = compare(find_target(project(), env, aws=aws), endpoint, hours)
    if output:
        output.mkdir(parents=True, exist_ok=True)
        (output / "shadow.json").write_text(json.dumps(report, indent=2, ensure_ascii=False), encoding="utf-8")
        (output / "shadow.html").write_text(page(report), encoding="utf-8")
    if as_json:
        print_json(report)
        return
    alike, length, asked = report["agreement"], report["length_words"], report["requests"]
    answers.print(
        f"{report['pairs']} requests: {alike['identical_share']:.1%} the same answer, similarity "
        f"{alike['mean_similarity']:.3f}, {length['difference']:+g} words"
    )
    for name in (MAIN, SHADOW):
        one = asked[name]
        answers.print(f"{name:>7}  errors {one['error_rate']:.2%}, mean {one['mean_seconds']:.3f} s", highlight=False)
    if output:
        answers.print(str(output / "shadow.html"), highlight=False)


def compare(target: Target, endpoint: str, hours: int) -> dict[str, Any]:
    """Return the report. Raises: CommandError where nothing was captured."""
    full, until = f"slipway-{target.environment}-{endpoint}", datetime.now(UTC)
    since = until - timedelta(hours=hours)
    found, alone = pairs_of(*(list(_captured(target, endpoint, full, name, since, until)) for name in (MAIN, SHADOW)))
    if not found:
        raise CommandError(
            f"nothing that {endpoint} and a shadow both answered was captured in {hours} hours. Give it `shadow` and "
            f"`capture_percent` in config/{target.environment}.yaml, deploy, and let people ask"
        )
    asked = {
        name: figures(
            target.client("cloudwatch"), {"EndpointName": full, "VariantName": name}, since.timestamp(),
            until=until.timestamp(), period=3600,
        ) for name in (MAIN, SHADOW)
    }  # fmt: skip
    return {
        "endpoint": endpoint,
        "since": since.isoformat(timespec="seconds"),
        "until": until.isoformat(timespec="seconds"),
        "shadow_alone": alone,
        "requests": {
            name: one | {"error_rate": round(one["failed"] / one["requests"], 6) if one["requests"] else 0.0}
            for name, one in asked.items()
        },
        **comparison(found),
    }


def _captured(
    target: Target, endpoint: str, full: str, variant: str, since: datetime, until: datetime
) -> Iterator[Exchange]:
    s3, bucket = target.client("s3"), target.parameter("foundation/artifacts-bucket-name")
    hour = since.replace(minute=0, second=0, microsecond=0)
    while hour <= until:
        prefix = f"captured/{endpoint}/{full}/{variant}/{hour:%Y/%m/%d/%H}/"
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        for key in sorted(each["Key"] for listed in pages for each in listed.get("Contents", ())):
            body = s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode("utf-8")
            yield from (exchange_of(line) for line in body.splitlines() if line)
        hour += timedelta(hours=1)
