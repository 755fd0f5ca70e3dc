"""Evaluates the policies of roles for each call that their sessions make, while it is switched on.

Requests to AWS APIs pass `layer` in the front door; what this cloud does itself on behalf of a role or as a service
(polling a queue, delivering an event) asks `role_may` and `service_may`.
"""

import re
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from slipway_local.aws import Place
from slipway_local.operations import form_of, operation_of
from slipway_local.permissions import emulated
from slipway_local.permissions.aws_managed import AWS_MANAGED, load
from slipway_local.permissions.calls import RefusedCallError, UnknownCallError, read
from slipway_local.permissions.conditions import UnsupportedPolicyError
from slipway_local.permissions.decision import Need, Policies, decide
from slipway_local.permissions.denial import Application, answer, unknown_key, unsigned
from slipway_local.permissions.needs import needs
from slipway_local.permissions.policy import Statement, parse
from slipway_local.permissions.principals import Caller, RoleSession, ServicePrincipal
from slipway_local.permissions.request_context import context_of
from slipway_local.permissions.sessions import Sessions, UnknownKeyError, deploys
from slipway_local.permissions.usage import Usage
from slipway_local.signature import Signature, signature_of

BOOTSTRAP_ROLE = re.compile(r":role/cdk-\w+-(deploy|file-publishing|image-publishing|lookup|cfn-exec)-role-")
NamedPolicies = list[tuple[str, tuple[Statement, ...]]]


class Enforcement:
    """The one judge of this cloud, as moto's records are one for the process. `on` may change at any time."""

    def __init__(self) -> None:
        self.on = False
        self.account = ""
        self.region = ""
        self.partition = "aws"
        self.sessions = Sessions()
        self.usage = Usage()

    def settle(self, place: Place) -> None:
        """Say where this cloud is, and who its administrator is."""
        self.account, self.region, self.partition = place.account, place.region, place.partition
        self.sessions.administrator = place.administrator.access_key_id

    def layer(self, environ: dict[str, Any], start_response: Any, service: Application) -> Iterable[bytes]:
        """Let a request through to its service, or answer that it is denied."""
        return (self._denial(environ) or service)(environ, start_response)

    def _denial(self, environ: dict[str, Any]) -> Application | None:
        if not self.on:
            return None
        signature = signature_of(environ)
        if signature is None:
            return None if _needs_no_signature(environ) else unsigned(environ)
        try:
            caller = self.sessions.find(signature.access_key_id, self.account, self.partition)
        except UnknownKeyError:
            return unknown_key(environ, signature.service)
        if caller is None:
            return self._refused_to_administrator(environ, signature)
        return self._denied_to(caller, environ, signature)

    def _refused_to_administrator(self, environ: dict[str, Any], signature: Signature) -> Application | None:
        """Refuse what moto would give: a session of a role that does not exist, or another key for the administrator.

        Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_roles.html
        """
        if signature.service != "sts":
            return None
        call = read(environ, signature, self.account, self.partition)
        if call.operation in ("GetSessionToken", "GetFederationToken"):
            return answer(environ, "sts", f"{call.operation} is not emulated: sign with the administrator's own key")
        arn = str(call.parameters.get("RoleArn"))
        if call.operation != "AssumeRole" or not arn.startswith("arn:") or emulated.role(arn):
            return None
        user = f"arn:{self.partition}:iam::{self.account}:root"
        message = f"User: {user} is not authorized to perform: sts:AssumeRole on resource: {arn}: there is no such role"
        if BOOTSTRAP_ROLE.search(arn):
            message += f"; `cdk bootstrap aws://{self.account}/{self.region}` makes it"
        return answer(environ, "sts", message)

    def _denied_to(self, caller: Caller, environ: dict[str, Any], signature: Signature) -> Application | None:
        service = signature.service
        try:
            call = read(environ, signature, self.account, self.partition)
            wanted = needs(call)
        except RefusedCallError as error:
            self.usage.deny(caller.label, f"{service}:{call.operation}", "*", str(error))
            return answer(environ, service, str(error))
        except UnknownCallError as error:
            message = f"User: {caller.arn} is not authorized: the emulator does not know {error}, so it denies the call"
            self.usage.deny(caller.label, service, "unknown", f"the emulator does not know {error}")
            return answer(environ, service, message)
        for need in wanted:
            if reason := self.reason(caller, need, region=call.region, parameters=call.parameters):
                return answer(environ, service, _message(caller, need, reason, service))
        return None

    def reason(
        self, caller: Caller, need: Need, *, region: str = "", parameters: Mapping[str, Any] | None = None,
        source_arn: str = "",
    ) -> str | None:  # fmt: skip
        """Return why a need is denied, in AWS's words, and note it; None if it is allowed."""
        region = region or self.region
        context = context_of(
            caller, need, account=self.account, region=region, parameters=parameters or {}, source_arn=source_arn
        )
        try:
            policies = self._policies(caller, need, region)
            reason = decide(caller, need, policies, context, lambda *use: self.usage.use(caller.label, *use))
        except UnsupportedPolicyError as error:
            reason = f"because the emulator does not know {error}"
        if reason:
            self.usage.deny(caller.label, need.action, need.resource, reason)
        return reason

    def role_may(self, role_arn: str, action: str, resource: str, session_name: str = "slipway") -> bool:
        """Return whether a role may do what this cloud does in its name; always true while this is off."""
        if not self.on or _unknown_account(role_arn):
            return True
        name = role_arn.rsplit("/", 1)[-1]
        arn = f"arn:{self.partition}:sts::{self.account}:assumed-role/{name}/{session_name}"
        caller = RoleSession(role_arn=role_arn, arn=arn, account=self.account)
        return self._told(caller, Need(action, resource), "")

    def service_may(self, service: str, action: str, resource: str, source_arn: str) -> bool:
        """Return whether the resource's policy lets a service in, for `source_arn`; always true while this is off."""
        return not self.on or self.lets_in(service, action, resource, source_arn)

    def lets_in(self, service: str, action: str, resource: str, source_arn: str) -> bool:
        """Return whether the resource's policy lets a service in, on or off."""
        return self._told(ServicePrincipal(arn=service, account=self.account), Need(action, resource), source_arn)

    def _told(self, caller: Caller, need: Need, source_arn: str) -> bool:
        reason = self.reason(caller, need, source_arn=source_arn)
        if reason:
            sys.stderr.write(f"denied: {_message(caller, need, reason, '')}\n")
        return reason is None

    def _policies(self, caller: Caller, need: Need, region: str) -> Policies:
        text = emulated.resource_policy(need.resource, self.account, region)
        resource = parse(text) if text else None
        if not isinstance(caller, RoleSession):
            return Policies(resource=resource)
        role = emulated.role(caller.role_arn)
        return Policies(
            identity=identity_policies(role), boundary=self._boundary(role) if role else None, resource=resource
        )

    def _boundary(self, role: Any) -> tuple[Statement, ...] | None:
        arn = role.permissions_boundary_arn
        if not arn:
            return None
        from moto.iam.models import iam_backends

        backend = iam_backends[self.account][self.partition]
        load(backend, arn)
        if arn not in backend.managed_policies:
            raise UnsupportedPolicyError(f"the permissions boundary {arn}")
        return parse(_default(backend.managed_policies[arn]))

    def report(self) -> dict[str, Any]:
        """Return, for each role and service, the denied calls and what the template's policies allow but none did.

        Roles that deploy are never judged, and say so (`deploys`).
        """
        from moto.iam.models import iam_backends

        roles = {role.arn: role for role in list(iam_backends[self.account][self.partition].roles.values())}
        callers = [*sorted(roles), *sorted(self.usage.callers() - set(roles))]
        return {
            "enforcing": self.on,
            "roles": [
                {
                    "role": name,
                    "deploys": deploys(roles.get(name)),
                    **self.usage.of(name, identity_policies(roles.get(name), aws_managed=False)),
                }
                for name in callers
            ],
        }


def identity_policies(role: Any, *, aws_managed: bool = True) -> NamedPolicies:
    """Return the statements of moto's role by policy name: inline, then managed; none for no role.

    Raises UnsupportedPolicyError for a policy that cannot be read.
    """
    if role is None:
        return []
    inline = [(name, parse(_text(document))) for name, document in list(role.policies.items())]
    managed = [
        (policy.name, parse(_text(_default(policy))))
        for arn, policy in list(role.managed_policies.items())
        if aws_managed or not AWS_MANAGED.fullmatch(arn)
    ]
    return inline + managed


def _needs_no_signature(environ: dict[str, Any]) -> bool:
    """Return whether a request is a browser's preflight, or one of the operations of user pools that anybody may call.

    Source: https://docs.aws.amazon.com/cognito/latest/developerguide/authentication-flows-public-server-side.html
    """
    if environ["REQUEST_METHOD"] == "OPTIONS":
        return True
    asked = operation_of(environ, form_of(environ))
    return asked is not None and asked.service == "cognito-idp" and asked.model.resolved_auth_type == "none"


def _default(policy: Any) -> str:
    """Return the document of a managed policy's default version."""
    return str(next(version.document for version in policy.versions if version.version_id == policy.default_version_id))


def _text(document: Any) -> str:
    from urllib.parse import unquote

    return unquote(document) if document.startswith("%7B") else document


def _unknown_account(role_arn: str) -> bool:
    return not role_arn.startswith("arn:")


def _message(caller: Caller, need: Need, reason: str, service: str) -> str:
    resource = f'"{need.resource}"' if service == "s3" else need.resource
    return f"User: {caller.arn} is not authorized to perform: {need.action} on resource: {resource} {reason}"


enforcement = Enforcement()
