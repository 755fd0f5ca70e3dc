"""All checks that need no account, in the order in which their findings are told."""

from collections.abc import Callable, Iterator

from slipway_cli.preflights import databases, functions, hosting, logs, network, policies, regions, wiring
from slipway_cli.preflights.closed import closed_services
from slipway_cli.preflights.finding import Finding
from slipway_cli.preflights.names import names
from slipway_cli.preflights.subject import Subject
from slipway_cli.preflights.templates import templates

OFFLINE: tuple[Callable[[Subject], Iterator[Finding]], ...] = (
    regions.resource_types,
    regions.services,
    regions.zones,
    regions.models,
    databases.engine_versions,
    databases.instance_classes,
    databases.linked_roles,
    hosting.instances,
    hosting.images,
    hosting.scale_to_zero,
    hosting.rollouts,
    hosting.fixed_names,
    templates,
    names,
    policies.role_policies,
    policies.resource_policies,
    policies.partitions,
    logs.log_policies,
    logs.state_machine_logs,
    logs.waf_logs,
    functions.code_sizes,
    functions.variables,
    functions.reservations,
    functions.queues,
    functions.runtimes,
    network.missing_endpoints,
    network.web_acl_scopes,
    wiring.looked_up_names,
    wiring.exports,
    wiring.circles,
    closed_services,
)


def offline(subject: Subject) -> list[Finding]:
    """The findings of all checks that need no account."""
    return [finding for check in OFFLINE for finding in check(subject)]
