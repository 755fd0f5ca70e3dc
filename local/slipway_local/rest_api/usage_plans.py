"""API keys and usage plans: who a key belongs to, its throttle and its quota.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-usage-plans.html
"""

from datetime import date
from typing import Any

from slipway_local.rest_api.responses import GatewayError
from slipway_local.rest_api.throttle import Quotas, TokenBuckets


class UsagePlans:
    """Checks keys against moto's records of an account and region; the counts live in memory."""

    def __init__(self, account: str, region: str) -> None:
        self._account = account
        self._region = region
        self._buckets = TokenBuckets()
        self._quotas = Quotas()

    def admit(self, value: str | None, api_id: str, stage: str, method: str) -> Any:
        """Count a call of `method` (`/path/VERB`) by this key and return the key's record.

        Raises: GatewayError INVALID_API_KEY, THROTTLED or QUOTA_EXCEEDED.
        """
        from moto.apigateway.models import apigateway_backends

        backend = apigateway_backends[self._account][self._region]
        key = next((one for one in backend.keys.values() if one.value == value and one.enabled), None)
        plans = [plan for plan in backend.usage_plans.values() if _stage_of(plan, api_id, stage) is not None]
        plan = next((one for one in plans if key and key.id in backend.usage_plan_keys.get(one.id, {})), None)
        if key is None or plan is None:
            raise GatewayError("INVALID_API_KEY", "Forbidden")
        limits = (_stage_of(plan, api_id, stage) or {}).get("throttle") or {}
        for name, throttle in (((plan.id, key.id, method), limits.get(method)), ((plan.id, key.id), plan.throttle)):
            if throttle and not self._buckets.take(name, throttle["rateLimit"], throttle["burstLimit"]):
                raise GatewayError("THROTTLED", "Too Many Requests")
        quota = plan.quota
        if quota and not self._quotas.take(
            (plan.id, key.id), int(quota["limit"]), quota["period"], int(quota.get("offset") or 0)
        ):
            raise GatewayError("QUOTA_EXCEEDED", "Limit Exceeded")
        return key

    def usage(self, plan: Any, days: list[date], key_id: str | None) -> dict[str, list[list[int]]]:
        """Return for each key of a plan with a quota `[used, left]` of each day; of one key alone, if it is named."""
        from moto.apigateway.models import apigateway_backends

        quota = plan.quota
        limits = (int(quota["limit"]), quota["period"], int(quota.get("offset") or 0))
        members = apigateway_backends[self._account][self._region].usage_plan_keys.get(plan.id, {})
        names = [one for one in members if key_id in (None, one)]
        return {one: self._quotas.daily((plan.id, one), days, *limits) for one in names}


def _stage_of(plan: Any, api_id: str, stage: str) -> dict[str, Any] | None:
    return next((one for one in plan.api_stages if (one.get("apiId"), one.get("stage")) == (api_id, stage)), None)
