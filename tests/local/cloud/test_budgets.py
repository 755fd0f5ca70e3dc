"""Budgets of tenants at the gateway as it is deployed, policies enforced; what is measured of them, shown and alarmed.

The form of the refusal: https://platform.openai.com/docs/guides/error-codes (429, insufficient_quota)
"""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import openai
import pytest
from openai import OpenAI

from slipway_cli.dashboards.draw import draw
from slipway_cli.dashboards.read import Board, read_boards
from slipway_cli.target import Target
from slipway_local import cloud
from slipway_runtime.operate import audit, audit_chain, rows
from slipway_runtime.operate.meter.ledger import Ledger
from slipway_runtime.operate.rows import Table
from slipway_runtime.operate.tenants import Tenants
from support.meters import up
from support.model_server import model_server
from support.waiting import wait_for

ASK: list[Any] = [{"role": "user", "content": "Count to three."}]


class Place(NamedTuple):
    target: Target
    meters: Table
    tenants: Tenants

    def tenant(self, name: str, **budget: Any) -> OpenAI:
        """Return a client of a new tenant with a budget."""
        self.meters.write(rows.put({"subject": f"{name}#quota", "item": "budget", "body": json.dumps(budget)}))
        _, key = self.tenants.create(name, ("all",))
        return OpenAI(base_url=self.target.gateway_url, api_key=key, max_retries=0)

    def boards(self) -> list[Board]:
        return read_boards(self.target.client("cloudwatch"), "slipway-trial-", minutes=30, period_seconds=60)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    state = tmp_path_factory.mktemp("budgets") / "state"
    with model_server() as model:
        target = up(state, model.url)
        tables = [
            Table(client=target.client("dynamodb"), name=target.parameter(f"foundation/{name}-table-name"))
            for name in ("meters", "tenants")
        ]
        yield Place(target, tables[0], Tenants(table=tables[1]))
        denied = {one["role"]: one["denied"] for one in cloud.permissions(state)["roles"] if one["denied"]}
        cloud.down(state)
        assert denied == {}


def until(check: Callable[[], Any], *, seconds: float) -> Any:
    """Return the first true value of `check`."""
    seen: list[Any] = []
    assert wait_for(lambda: seen.append(check()) or seen[-1], seconds=seconds)
    return seen[-1]


def ask(client: OpenAI) -> tuple[str, str]:
    """Return the id of an answer, and what the budget did to it."""
    raw = client.chat.completions.with_raw_response.create(model="tiny", messages=ASK)
    return str(raw.parse().id), raw.headers.get("x-slipway-budget", "")


def refused(client: OpenAI) -> openai.RateLimitError | None:
    try:
        ask(client)
    except openai.RateLimitError as error:
        return error
    return None


@pytest.mark.capability("O7")
def test_a_tenant_is_stopped_once_its_money_is_spent_and_others_are_not(place: Place) -> None:
    stopped = place.tenant("spender", dollars_per_day=1e-9, over="stop")
    free = place.tenant("saver", dollars_per_day=100, over="stop")
    ask(stopped)

    error = until(lambda: refused(stopped), seconds=60)

    assert error and error.code == "insufficient_quota"
    assert 0 < int(error.response.headers["retry-after"]) <= 86_400
    assert error.response.headers["x-should-retry"] == "false"
    with pytest.raises(openai.RateLimitError):
        stopped.embeddings.create(model="embedding", input="a")
    assert ask(free)[1] == ""


@pytest.mark.capability("O7")
def test_a_cheaper_alias_answers_and_a_throttled_tenant_waits(place: Place) -> None:
    cheaper = place.tenant("frugal", dollars_per_day=1e-9, over="cheaper", cheaper="other")
    throttled = place.tenant("slow", dollars_per_day=1e-9, over="throttle", requests_per_minute=1)
    ask(cheaper)
    ask(throttled)

    found = until(lambda: answer if (answer := ask(cheaper))[1] else None, seconds=60)
    error = until(lambda: refused(throttled), seconds=90)

    ledger = Ledger(table=place.meters)
    entry = until(lambda: ledger.get("frugal", found[0]), seconds=30)
    assert (found[1], entry and entry.alias) == ("cheaper", "other")
    assert error and error.code == "rate_limit_exceeded"


@pytest.mark.capability("O1")
@pytest.mark.capability("O2")
def test_what_happened_is_on_the_dashboards_and_raises_the_alarm_and_its_summary(place: Place, tmp_path: Path) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create_Composite_Alarm.html"""
    boards = {board.name.rsplit("-", 1)[1]: board for board in place.boards()}
    graphs = {name: {graph.title: graph for graph in board.graphs} for name, board in boards.items()}

    (cost,) = [graph for title, graph in graphs["cost"].items() if title.startswith("Cost by tenant")]
    told = {line.label: sum(value for _, value in line.points) for line in cost.lines}
    assert any("spender" in label and dollars > 0 for label, dollars in told.items()), told
    for title in ("Api: requests", "Chat: invocations", "Meters: budgets nearly spent, and spent"):
        assert graphs["platform"][title].has_data, title
    for board in boards.values():
        draw(board, tmp_path / f"{board.name}.png")
        assert (tmp_path / f"{board.name}.png").stat().st_size > 5_000

    client = place.target.client("cloudwatch")

    def raised() -> tuple[list[str], list[str]] | None:
        found = client.describe_alarms(AlarmTypes=["MetricAlarm", "CompositeAlarm"], StateValue="ALARM")
        texts = [
            [each.get("AlarmDescription", "") for each in found[kind]] for kind in ("MetricAlarms", "CompositeAlarms")
        ]
        return (texts[0], texts[1]) if all(texts) else None

    single, hurt = until(raised, seconds=60)
    assert any("tenant-budget.md" in text for text in single), single
    assert any("Gateway is hurt" in text for text in hurt), hurt


@pytest.mark.capability("O10")
def test_the_audit_table_of_an_environment_holds_a_chain(place: Place) -> None:
    client, name = place.target.client("dynamodb"), place.target.parameter("foundation/audit-table-name")
    for number in range(3):
        audit.record(
            name, "endpoint#x", "deploy", "ada", str(number), str(number + 1), {"at": time.time()}, dynamodb=client
        )

    entries, head, fault = audit_chain.verify(audit_chain.links(client, name))

    assert (entries, fault) == (3, "")
    assert len(head) == 64
