"""GetUsage, which moto lacks: what the keys of a usage plan have used of its quota, day by day.

Source: https://docs.aws.amazon.com/apigateway/latest/api/API_GetUsage.html
"""

import json
from datetime import date, timedelta
from typing import Any

from slipway_local.rest_api.usage_plans import UsagePlans

PATHS = (
    "{0}/usageplans/(?P<usage_plan_id>[^/]+)/usage/?$",
    "{0}/usageplans/(?P<usage_plan_id>[^/]+)/keys/(?P<api_key_id>[^/]+)/usage/?$",
)
PAGE, LONGEST_PAGE = 25, 500
MOST_DAYS = 90  # which API Gateway keeps


def install(plans: UsagePlans) -> None:
    """Add the operation to moto's control plane; UpdateUsage, at the other path, is refused by name."""
    from moto.apigateway import urls
    from moto.apigateway.exceptions import BadRequestException
    from moto.apigateway.responses import APIGatewayResponse

    def get_usage(self: Any) -> str:
        try:
            return json.dumps(_usage(self, plans))
        except ValueError as error:
            raise BadRequestException(str(error)) from None

    def update_usage(self: Any) -> str:
        raise BadRequestException(
            "UpdateUsage is not emulated: the remaining quota follows from the plan and the calls"
        )

    urls.url_paths |= dict.fromkeys(PATHS, APIGatewayResponse.dispatch)
    APIGatewayResponse.get_usage, APIGatewayResponse.update_usage = get_usage, update_usage


def _usage(response: Any, plans: UsagePlans) -> dict[str, Any]:
    """Return GetUsage's answer. Raises ValueError for what it cannot be asked."""
    asked = {name: values[0] for name, values in response.querystring.items()}
    plan = response.backend.get_usage_plan(response.path.split("/")[2])
    if not plan.quota:
        raise ValueError(f"Usage plan {plan.id} has no quota: usage is counted here for plans with one")
    start, end = date.fromisoformat(asked["startDate"]), date.fromisoformat(asked["endDate"])
    if not 0 <= (end - start).days < MOST_DAYS:
        raise ValueError(f"endDate is not before startDate, and at most {MOST_DAYS} days are asked for")
    days = [start + timedelta(days=number) for number in range((end - start).days + 1)]
    found = sorted(plans.usage(plan, days, asked.get("keyId")).items())
    first, size = int(asked.get("position", 0)), min(int(asked.get("limit", PAGE)), LONGEST_PAGE)
    answer = {"usagePlanId": plan.id, "startDate": str(start), "endDate": str(end)}
    page = {"values": dict(found[first : first + size])}
    return answer | page | ({"position": str(first + size)} if len(found) > first + size else {})
