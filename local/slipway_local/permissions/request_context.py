"""The condition keys of a request; one that is not here is missing, as on AWS.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from slipway_local.permissions import emulated
from slipway_local.permissions.decision import Need
from slipway_local.permissions.principals import Caller, RoleSession

RESOURCE_TAG = re.compile(r"^[a-z0-9-]+:resourcetag/(.+)$")


class RequestContext(Mapping[str, Sequence[str]]):
    """Condition keys in lower case; the tags of the resource are looked up when a policy asks for them."""

    def __init__(self, values: Mapping[str, Sequence[str]], resource: str, account: str, region: str) -> None:
        self._values = values
        self._place = (resource, account, region)
        self._tags: Mapping[str, str] | None = None

    def __getitem__(self, key: str) -> Sequence[str]:
        """Return the values of a key. Raises KeyError for a missing one."""
        if key in self._values:
            return self._values[key]
        if tag := RESOURCE_TAG.match(key):
            if self._tags is None:
                self._tags = {name.lower(): value for name, value in emulated.tags(*self._place).items()}
            return [self._tags[tag[1]]]
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        """Yield the keys that need no look-up."""
        return iter(self._values)

    def __len__(self) -> int:
        """Return the number of keys that need no look-up."""
        return len(self._values)


def context_of(
    caller: Caller, need: Need, *, account: str, region: str, parameters: Mapping[str, Any], source_arn: str = ""
) -> RequestContext:
    """Return the condition keys of one need of a request. Loopback counts as secure transport."""
    now = time.time()
    is_service = not isinstance(caller, RoleSession)
    values: dict[str, Sequence[str]] = {
        "aws:currenttime": [_moment(now)],
        "aws:epochtime": [str(int(now))],
        "aws:principalisawsservice": [str(is_service).lower()],
        "aws:requestedregion": [region],
        "aws:resourceaccount": [account],
        "aws:securetransport": ["true"],
        "aws:viaawsservice": [str("kms:viaservice" in need.context).lower()],
        **_request_tags(parameters),
        **(_session(caller) if isinstance(caller, RoleSession) else {}),
    }
    if source_arn:
        values |= {"aws:sourcearn": [source_arn], "aws:sourceaccount": [account]}
    return RequestContext({**values, **need.context}, need.resource, account, region)


def _moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def _session(caller: RoleSession) -> dict[str, Sequence[str]]:
    role = emulated.role(caller.role_arn)
    values: dict[str, Sequence[str]] = {
        "aws:principalaccount": [caller.account],
        "aws:principalarn": [caller.role_arn],
        "aws:principaltype": ["AssumedRole"],
        "aws:multifactorauthpresent": ["false"],  # there with all temporary credentials; MFA is not emulated
        "aws:sourceip": ["127.0.0.1"],
        "aws:tokenissuetime": [_moment(time.time() if caller.issued_at is None else caller.issued_at)],
        "aws:userid": [f"{role.id}:{caller.arn.rsplit('/', 1)[-1]}"] if role else [],
    }
    if caller.function_arn:
        values["lambda:sourcefunctionarn"] = [caller.function_arn]
    tags = (role.tags or ()) if role else ()
    return values | {f"aws:principaltag/{tag['Key']}".lower(): [tag["Value"]] for tag in tags}


def _request_tags(parameters: Mapping[str, Any]) -> dict[str, Sequence[str]]:
    given = parameters.get("Tags") or parameters.get("tags") or ()
    if isinstance(given, Mapping):
        pairs = [(str(name), str(value)) for name, value in given.items()]
    else:
        pairs = [(str(one.get("Key", one.get("key"))), str(one.get("Value", one.get("value")))) for one in given]
    tags: dict[str, Sequence[str]] = {f"aws:requesttag/{name}".lower(): [value] for name, value in pairs}
    return tags | ({"aws:tagkeys": [name for name, _ in pairs]} if pairs else {})
