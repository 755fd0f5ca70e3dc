"""What CreateStage and CreateUsagePlan do not take, and what changes in place: limits, stages, variables."""

from slipway_local.deploy.providers.base import Context, Properties
from slipway_local.deploy.providers.calls import call, text

_METHOD_SETTINGS = {"ThrottlingRateLimit": "throttling/rateLimit", "ThrottlingBurstLimit": "throttling/burstLimit"}


def stage(context: Context, properties: Properties) -> Properties:
    """Refuse a stage with what is not emulated."""
    if "CanarySetting" in properties:
        raise ValueError("canary releases of a stage are not emulated; leave CanarySetting out of this environment")
    return properties


def _method_settings(properties: Properties) -> Properties:
    """Return the throttling settings of a stage by patch path; a resource's slashes are written ~1."""
    paths = {}
    for setting in properties.get("MethodSettings", []):
        resource = setting.get("ResourcePath", "/*").removeprefix("/")
        if resource != "*" and not resource.startswith("~1"):
            resource = "~1" + resource.replace("/", "~1")
        for name, path in _METHOD_SETTINGS.items():
            if name in setting:
                paths[f"/{resource}/{setting.get('HttpMethod', '*')}/{path}"] = setting[name]
    return paths


def stage_settings(context: Context, name: str, new: Properties, old: Properties) -> None:
    """Set what CreateStage does not take; the rest of a stage is inert here."""
    wanted = _method_settings(new)
    # API Gateway's own limits per account and region stand where a setting was taken away.
    defaults = {path: 10_000 if path.endswith("rateLimit") else 5_000 for path in _method_settings(old)}
    changes: Properties = {**defaults, **wanted}
    removed: set[str] = set()
    if old:
        changes["/deploymentId"] = new.get("DeploymentId")
        changes["/description"] = new.get("Description", "")
        changes["/tracingEnabled"] = text(new.get("TracingEnabled", False))
        changes |= {f"/variables/{key}": value for key, value in new.get("Variables", {}).items()}
        removed = {f"/variables/{key}" for key in set(old.get("Variables", {})) - set(new.get("Variables", {}))}
    operations = [
        {"op": "replace", "path": path, "value": str(value)} for path, value in changes.items() if value is not None
    ]
    operations += [{"op": "remove", "path": path} for path in sorted(removed)]
    if operations:
        arguments = {"restApiId": new["RestApiId"], "stageName": name, "patchOperations": operations}
        call(context.place, "apigateway", "update_stage", arguments)


def plan_settings(context: Context, plan: str, new: Properties, old: Properties) -> None:
    """Patch the plan: what is gone first, then what is there."""
    stages = {f"{one['ApiId']}:{one['Stage']}": one.get("Throttle", {}) for one in new.get("ApiStages", [])}
    name = new["UsagePlanName"]
    before = [f"{one['ApiId']}:{one['Stage']}" for one in old.get("ApiStages", [])]
    limits = [
        (f"/apiStages/{stage}/throttle/{method.rpartition('/')[0].replace('/', '~1')}/{method.rpartition('/')[2]}", of)
        for stage, methods in stages.items()
        for method, of in methods.items()
    ]
    limits += [(f"/{kind.lower()}", new[kind]) for kind in ("Throttle", "Quota") if kind in new]
    operations = [
        *({"op": "remove", "path": "/apiStages", "value": stage} for stage in before),
        *({"op": "remove", "path": f"/{kind.lower()}"} for kind in ("Throttle", "Quota") if kind in old),
        *([{"op": "replace", "path": "/name", "value": name}] if name not in (plan, old.get("UsagePlanName")) else []),
        {"op": "replace", "path": "/description", "value": new.get("Description", "")},
        *({"op": "add", "path": "/apiStages", "value": stage} for stage in stages),
        *({"op": "replace", "path": f"{path}/{key[0].lower()}{key[1:]}", "value": str(value)}
          for path, values in limits for key, value in values.items()),
    ]  # fmt: skip
    call(context.place, "apigateway", "update_usage_plan", {"usagePlanId": plan, "patchOperations": operations})
