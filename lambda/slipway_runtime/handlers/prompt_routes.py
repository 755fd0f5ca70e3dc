"""GET /v1/prompts, GET …/{name}, /versions/{at}, /diff, /audit; POST …/{name}/versions, /render,
/labels/{label}/rollback; PUT …/{name}/labels/{label}."""

import dataclasses
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from slipway_runtime import settings
from slipway_runtime.generate.prompts import content
from slipway_runtime.generate.prompts.content import Prompt
from slipway_runtime.generate.prompts.labels import Label, Labels
from slipway_runtime.generate.prompts.mirror_state import MirrorRows
from slipway_runtime.generate.prompts.names import LATEST, checked_label, checked_name, reference
from slipway_runtime.generate.prompts.versions import Head, Version
from slipway_runtime.handlers import prompt_requests as requests
from slipway_runtime.handlers.events import ApiRequest
from slipway_runtime.handlers.http import decode_body
from slipway_runtime.operate.observability import count

Why = Annotated[str, Meta(max_length=1000)]
PREVIEW_SECONDS = 20.0


class VersionBody(msgspec.Struct, forbid_unknown_fields=True):
    """A new version."""

    prompt: Prompt
    why: Why = ""


class LabelBody(msgspec.Struct, forbid_unknown_fields=True):
    """Where a label is to point; `expected`: where it must point now, 0 for nowhere."""

    version: Annotated[int, Meta(ge=1)]
    why: Why = ""
    expected: Annotated[int, Meta(ge=0)] | None = None


class RollbackBody(msgspec.Struct, forbid_unknown_fields=True):
    """Why a label goes back; `expected`: the version that it is to leave."""

    why: Why = ""
    expected: Annotated[int, Meta(ge=1)] | None = None


class RenderBody(msgspec.Struct, forbid_unknown_fields=True):
    """Which version is to be tried, a label or a number, and with what."""

    at: str = LATEST
    variables: dict[str, Any] = {}
    user: str = ""
    conversation: str = ""


def route(request: ApiRequest, path: list[str], labels: Labels) -> Any:
    """Answer a request below /v1/prompts."""
    if path:
        checked_name(path[0])
    found = _read(request, path, labels) if request.http_method == "GET" else _changed(request, path, labels)
    if found is None:
        raise requests.not_served(request, ["prompts", *path])
    return found


def _read(request: ApiRequest, path: list[str], labels: Labels) -> Any:
    match path:
        case []:
            return _all(request, labels)
        case [name]:
            return _prompt(labels, name)
        case [name, "versions", *at] if len(at) < 2:
            return shown(_at(labels, name, at[0]), whole=True) if at else _versions(request, labels, name)
        case [name, "diff"]:
            return _diff(request.query_string_parameters or {}, labels, name)
        case [name, "audit"]:
            return _audit(request, labels, name)
    return None


def _changed(request: ApiRequest, path: list[str], labels: Labels) -> Any:
    match request.http_method, path:
        case "POST", [name, "versions"]:
            return _create(request, labels, name)
        case "PUT", [name, "labels", label]:
            body = decode_body(request, LabelBody)
            who = requests.author(request, body.why)
            return label_shown(labels.put(name, checked_label(label), body.version, who, expected=body.expected))
        case "POST", [name, "labels", label, "rollback"]:
            back = decode_body(request, RollbackBody)
            who = requests.author(request, back.why)
            count("PromptRollbacks")
            return label_shown(labels.rollback(name, checked_label(label), who, expected=back.expected))
        case "POST", [name, "render"]:
            return _render(request, name)
    return None


def _all(request: ApiRequest, labels: Labels) -> dict[str, Any]:
    versions = labels.versions
    return requests.page(
        request, lambda after, limit: versions.heads(after=after, limit=limit), _head, lambda head: head.name
    )


def _head(head: Head) -> dict[str, Any]:
    return {"object": "prompt", "name": head.name, "latest": head.latest, "changed_at": head.at}


def _prompt(labels: Labels, name: str) -> dict[str, Any]:
    head = labels.versions.require(name)
    shown_labels = [label_shown(each) for each in labels.all(name)]
    return _head(head) | {"labels": shown_labels, "mirror": _mirror(labels, name)}


def _mirror(labels: Labels, name: str) -> dict[str, Any] | None:
    """Return what is in Bedrock, and what is not and why; None where there is no mirror."""
    mirror = MirrorRows(table=labels.versions.table).get(labels.versions.subject(name))
    if not (mirror.revision or settings.optional("PROMPTS_MIRROR")):
        return None
    copies = [{"version": each.number, "bedrock_version": each.version, "why": each.why} for each in mirror.copies]
    known = {"id": mirror.id, "arn": mirror.arn, "latest": mirror.latest, "waiting": mirror.waiting}
    return {**known, "versions": copies}


def _create(request: ApiRequest, labels: Labels, name: str) -> dict[str, Any]:
    body = decode_body(request, VersionBody)
    content.check(body.prompt)
    if use := body.prompt.examples:
        named = reference(use.set, "examples.set")
        dataclasses.replace(labels.versions, kind="example").get(named.name, named.number)
    made = labels.versions.create(name, content.encoded(body.prompt), requests.author(request, body.why))
    count("PromptVersions", int(made.created))
    return shown(made, whole=True)


def _versions(request: ApiRequest, labels: Labels, name: str) -> dict[str, Any]:
    labels.versions.require(name)
    return requests.page(
        request,
        lambda after, limit: labels.versions.newest(name, after=requests.number(after), limit=limit),
        lambda version: shown(version, whole=False),
        lambda version: version.number,
    )


def _audit(request: ApiRequest, labels: Labels, name: str) -> dict[str, Any]:
    labels.versions.require(name)
    return requests.page(
        request,
        lambda after, limit: labels.versions.audit(name, before=requests.number(after), limit=limit),
        msgspec.to_builtins,
        lambda entry: entry.number,
    )


def _diff(query: dict[str, str], labels: Labels, name: str) -> dict[str, Any]:
    from slipway_runtime.generate.prompts.difference import difference  # noqa: PLC0415

    both = [_at(labels, name, query.get(side, default)) for side, default in (("from", "production"), ("to", LATEST))]
    before, after = (msgspec.json.decode(each.body, type=Prompt) for each in both)
    names = (f"{name}@{both[0].number}", f"{name}@{both[1].number}")
    return {
        "object": "prompt.diff",
        "from": both[0].number,
        "to": both[1].number,
        "diff": difference(before, after, names),
    }


def _render(request: ApiRequest, name: str) -> dict[str, Any]:
    from slipway_runtime import parts_of_prompts  # noqa: PLC0415 - only this route knows of models
    from slipway_runtime.generate.prompts.resolve import Caller  # noqa: PLC0415
    from slipway_runtime.operate.retry import Deadline  # noqa: PLC0415

    body = decode_body(request, RenderBody)
    caller = Caller(tenant=request.request_context.authorizer.tenant, user=body.user, conversation=body.conversation)
    made = parts_of_prompts.resolver().resolve(
        caller, f"{name}@{body.at}", body.variables, Deadline.after(PREVIEW_SECONDS)
    )
    return {"object": "prompt.rendered", **msgspec.to_builtins(made)}


def _at(labels: Labels, name: str, at: str) -> Version:
    wanted = reference(f"{name}@{at}", "version")
    versions = labels.versions
    if wanted.at == LATEST:
        return versions.get(name, versions.require(name).latest)
    return versions.get(name, wanted.number or labels.get(name, wanted.at).version)


def shown(version: Version, *, whole: bool) -> dict[str, Any]:
    """Return a version as clients see it, with its content if `whole`."""
    found = {"object": "prompt.version", "name": version.name, "version": version.number, "digest": version.digest}
    found |= {"by": version.by, "at": version.at, "why": version.why}
    if whole:
        found |= {"created": version.created, "prompt": msgspec.json.decode(version.body)}
    return found


def label_shown(label: Label) -> dict[str, Any]:
    """Return a label as clients see it."""
    return {"object": "prompt.label", **msgspec.to_builtins(label)}
