"""The provider that most types need: one API call, described by which properties which call sets.

An update must leave a resource as its creation with the new properties would have made it. So each mutable property
belongs to the update call (by its name in botocore's description of that call, or in `update_sets`) or to a `Setting`;
one that has left the template goes back to its default. What belongs to neither is refused by name.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from slipway_local.aws import Place
from slipway_local.deploy.providers.base import Context, Created, Properties, changed, completing
from slipway_local.deploy.providers.calls import call, dig, found, parameters_of

Prepare = Callable[[Context, Properties], Properties]
Hook = Callable[[Context, str, Properties, Properties], None]

NOTHING: Mapping[str, str] = {}


class Setting:
    """Properties that calls of their own set: `apply` gets the physical id, new and old properties, none at creation.

    It resets what is absent. `created` says that the create call does not take them, so that it runs then too.
    """

    def __init__(self, apply: Hook, *names: str, created: bool = True) -> None:
        self.apply, self.names, self.created = apply, frozenset(names), created


def tags(
    service: str, tag: str, untag: str, *, of: str = "resourceArn", by: str = "{id}", keys: str = "tagKeys",
    put: str = "tags",
    pair: tuple[str, str] = ("Key", "Value"), more: Mapping[str, str] = NOTHING, name: str = "Tags",
    created: bool = False,
) -> Setting:  # fmt: skip
    """Return the setting of a type's tags; `of` is the parameter that takes the resource, `by` what it is called.

    Where `keys` and `put` are one parameter, the keys are pairs too, without values.
    """

    def apply(context: Context, physical_id: str, new: Properties, old: Properties) -> None:
        before, after = tag_map(old.get(name)), tag_map(new.get(name))
        place = context.place
        known = {"id": physical_id, "region": place.region, "account": place.account, "partition": place.partition}
        where = {of: by.format_map(known), **more}
        if gone := sorted(before.keys() - after.keys()):
            named = [{pair[0]: key} for key in gone] if keys == put else gone
            call(place, service, untag, {**where, keys: named})
        if after:
            pairs = [{pair[0]: key, pair[1]: value} for key, value in after.items()]
            call(place, service, tag, {**where, put: pairs})

    return Setting(apply, name, created=created)


def tag_map(given: Any) -> dict[str, str]:
    """Return tags by key, whether they are a list of pairs or a map."""
    return {one["Key"]: one["Value"] for one in given} if isinstance(given, list) else dict(given or {})


@dataclass(frozen=True)
class Lookup:
    """How to see a resource before it is made: a call, its arguments as texts, and where its answer has the resource.

    For types whose create call takes over what exists.
    """

    operation: str
    given: Mapping[str, str]
    at: str


@dataclass(frozen=True, kw_only=True)
class Api:
    """A type that is one API call, or nearly.

    `ref`, `attributes` and `delete_with` are either `@path` into the call's answer or a text with {placeholders}: the
    arguments, `id` (what Ref gives), `region`, `account`, `partition`. `name` is the property that CloudFormation
    makes up when the template leaves it open, a `label` where Ref gives something else, which no update may put in its
    place; `prepare` rewrites properties into arguments.

    The update call sets the properties that are parameters of it, and `update_sets`, but for `update_drops`, which the
    emulated service does not keep. It forgets what it is not given if `update_replaces`; else it is given `defaults`.
    """

    service: str
    create_call: str
    ref: str
    name: str | None = None
    name_limit: int = 64
    name_lower: bool = False
    label: bool = False
    rename: Mapping[str, str] = field(default_factory=dict)
    prepare: Prepare = lambda context, properties: properties
    settings: tuple[Setting, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)
    update_call: str | None = None
    update_with: Mapping[str, str] = field(default_factory=dict)
    update_sets: tuple[str, ...] = ()
    update_drops: tuple[str, ...] = ()
    update_replaces: bool = False
    defaults: Mapping[str, Any] = field(default_factory=dict)
    delete_call: str | None = None
    delete_with: Mapping[str, str] = field(default_factory=dict)
    before_delete: Hook | None = None
    lookup: Lookup | None = None
    one_way: frozenset[str] = frozenset()
    mode: str = "live"

    @property
    def updatable(self) -> bool:
        """Return whether a change needs no replacement."""
        return self.update_call is not None or bool(self.settings)

    def create(self, context: Context, properties: Properties) -> Created:
        """Call the create operation, and those of the settings that it does not take."""
        if self.name and self.name not in properties:
            properties = {**properties, self.name: context.name(self.name_limit, lower=self.name_lower)}
        arguments = self._arguments(context, properties)
        answer = call(context.place, self.service, self.create_call, arguments)
        known = self._known(context, arguments)
        physical_id = str(_value(self.ref, answer, known))
        known["id"] = physical_id
        created = Created(physical_id=physical_id, attributes=self._attributes(answer, known))
        with completing(created):
            for setting in self.settings:
                if setting.created and setting.names & properties.keys():
                    setting.apply(context, physical_id, properties, {})
        return created

    def update(self, context: Context, existing: Created, old: Properties, new: Properties) -> Created:
        """Call what the changed properties belong to. Raises ValueError where that is nothing."""
        if unreached := self.unreached(context.place, old, new):
            raise ValueError(f"{', '.join(unreached)} cannot be updated by the local cloud")
        names = changed(old, new)
        properties = {self.name: existing.physical_id, **new} if self.name else new
        if names & self._by_update(context.place, names):
            absent = {name: self.defaults[name] for name in names - new.keys() if name in self.defaults}
            gone = {name: value(properties) if callable(value) else value for name, value in absent.items()}
            arguments = self._arguments(context, {**gone, **(new if self.label else properties)})
            known = {**self._known(context, arguments), "id": existing.physical_id}
            identity = {key: template.format_map(known) for key, template in self.update_with.items()}
            call(context.place, self.service, str(self.update_call), {**arguments, **identity})
        for setting in self.settings:
            if setting.names & names:
                setting.apply(context, existing.physical_id, properties, old)
        return existing

    def unreached(self, place: Place, old: Properties, new: Properties) -> list[str]:
        """Return the changed properties that neither the update call nor a setting brings to what they should be."""
        names = changed(old, new)
        by_update = self._by_update(place, names)
        by_settings = {name for setting in self.settings for name in setting.names}
        stuck = {name for name in by_update - new.keys() if not (self.update_replaces or name in self.defaults)}
        return sorted(names - by_update - by_settings) + [f"{name} (removed)" for name in sorted(stuck - by_settings)]

    def custom_name(self, properties: Properties) -> str | None:
        """Return the value of the property that CloudFormation would otherwise make up."""
        return properties.get(self.name) if self.name else None

    def taken(self, context: Context, properties: Properties) -> str:
        """Return the name that the lookup finds; a name that is made up is free."""
        if self.lookup is None or (self.name and self.name not in properties):
            return ""
        known = self._known(context, self._arguments(context, properties))
        given = {key: template.format_map(known) for key, template in self.lookup.given.items()}
        answer = found(context.place, self.service, self.lookup.operation, given)
        return "|".join(given.values()) if dig(answer, self.lookup.at) else ""

    def _by_update(self, place: Place, names: set[str]) -> set[str]:
        """Return which of these properties the update call sets."""
        if self.update_call is None:
            return set()
        own = names - {name for setting in self.settings for name in setting.names} - {*self.update_drops}
        known = parameters_of(place, self.service, self.update_call)
        return {n for n in own if n in self.update_sets or n in self.defaults or self.rename.get(n, n).lower() in known}

    def delete(self, context: Context, existing: Created, properties: Properties) -> None:
        """Call the delete operation."""
        if self.before_delete:
            self.before_delete(context, existing.physical_id, properties, properties)
        if self.delete_call:
            known = {**self._known(context, properties), **existing.attributes, "id": existing.physical_id}
            arguments = {key: template.format_map(known) for key, template in self.delete_with.items()}
            call(context.place, self.service, self.delete_call, arguments)

    def _arguments(self, context: Context, properties: Properties) -> Properties:
        prepared = self.prepare(context, dict(properties))
        return {self.rename.get(key, key): value for key, value in prepared.items()}

    def _known(self, context: Context, arguments: Properties) -> Properties:
        place = context.place
        scalars = {key: value for key, value in arguments.items() if isinstance(value, str | int)}
        return {**scalars, "region": place.region, "account": place.account, "partition": place.partition}

    def _attributes(self, answer: Properties, known: Properties) -> Properties:
        return {name: _value(source, answer, known) for name, source in self.attributes.items()}


def _value(source: str, answer: Properties, known: Properties) -> Any:
    return dig(answer, source[1:]) if source.startswith("@") else source.format_map(known)


def api(service: str, create_call: str, ref: str = "{id}", **rest: Any) -> Api:
    """Return an Api provider; short, because the tables have one line for each type."""
    return Api(service=service, create_call=create_call, ref=ref, **rest)
