"""APIs and user pools at the one port: REST and HTTP APIs under one prefix, tokens and their keys beside them."""

from collections.abc import Iterable
from typing import Any

from slipway_local.aws import Place
from slipway_local.cognito import gaps
from slipway_local.cognito.endpoints import WELL_KNOWN, Endpoints
from slipway_local.front_door import FrontDoor
from slipway_local.functions.service import Functions
from slipway_local.http_api import control_plane
from slipway_local.http_api.data_plane import HttpApis
from slipway_local.rest_api import deployments, usage_api
from slipway_local.rest_api.data_plane import RestApis
from slipway_local.rest_api.lambda_proxy import LambdaProxy
from slipway_local.rest_api.request import PREFIX
from slipway_local.rest_api.usage_plans import UsagePlans


def install(front_door: FrontDoor, functions: Functions, place: Place) -> None:
    """Put the data planes behind the front door and the missing parts into moto's control planes."""
    gaps.install()
    control_plane.install()
    deployments.install()
    proxy = LambdaProxy(functions)
    plans = UsagePlans(place.account, place.region)
    usage_api.install(plans)
    rest_apis = RestApis(functions, proxy, plans, place)
    http_apis = HttpApis(functions, proxy, place.account, place.region)

    def either(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        api_id = environ["PATH_INFO"].removeprefix(PREFIX).partition("/")[0]
        return (http_apis if http_apis.knows(api_id) else rest_apis)(environ, start_response)

    endpoints = Endpoints(place.account, place.region)
    front_door.by_prefix[PREFIX] = either
    front_door.by_prefix["/_aws/cognito-idp/"] = endpoints
    front_door.by_pattern[WELL_KNOWN] = endpoints
