"""What stacks take from each other, and what resources of one stack do: names that are missing, circles, exports."""

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

from slipway_cli.preflights.blame import BY_PART
from slipway_cli.preflights.finding import Finding
from slipway_cli.preflights.subject import LOOKED_UP, Stack, Subject
from slipway_cli.upgrades.differences import references

BOOTSTRAP = "/cdk-bootstrap/"
PARAMETERS = (
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-supplied-parameter-types.html"
)
EXPORTS = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-exports.html"
CIRCLES = "https://repost.aws/knowledge-center/cloudformation-circular-dependency-errors"


def looked_up_names(subject: Subject) -> Iterator[Finding]:
    """Yield an error for each name that a stack looks up and no earlier stack publishes."""
    by_stack = {stack.name: _published(subject, stack) for stack in subject.stacks}
    earlier: set[str] = set()
    for stack in subject.stacks:
        for parameter in stack.template.get("Parameters", {}).values():
            name = parameter.get("Default", "")
            if parameter.get("Type") != LOOKED_UP or name.startswith(BOOTSTRAP) or name in earlier:
                continue
            later = next((other for other, names in by_stack.items() if name in names), None)
            if later is None and not name.startswith(f"/slipway/{subject.environment}/"):
                continue  # somebody else's; online it is looked for
            yield Finding(
                check="circular-stacks" if later else "missing-name",
                what=f"{name} is looked up, and {f'published later, by {later}' if later else 'no stack publishes it'}",
                where=stack.name,
                setting=BY_PART.get(stack.part, ""),
                remedy="Publish it in a stack that is deployed before, or take what needs it into the later stack.",
                documentation=PARAMETERS,
            )
        earlier |= by_stack[stack.name]


def exports(subject: Subject) -> Iterator[Finding]:
    """Yield an error for each export and import: while one stack imports a value, the other cannot change it."""
    for stack in subject.stacks:
        exported = [name for name, output in stack.template.get("Outputs", {}).items() if "Export" in output]
        imported = [name for name, item in stack.resources.items() if "'Fn::ImportValue'" in str(item)]
        for name in (*exported, *imported):
            yield Finding(
                check="exports",
                what="a CloudFormation export ties the stacks: neither can then replace the value",
                where=f"{stack.name}/{name}",
                setting=BY_PART.get(stack.part, ""),
                remedy="Publish the value as an SSM parameter, and look it up.",
                documentation=EXPORTS,
            )


def circles(subject: Subject) -> Iterator[Finding]:
    """Yield an error for each stack whose resources depend on each other in a circle."""
    for stack in subject.stacks:
        graph = {name: _needed(stack, name) for name in stack.resources}
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            yield Finding(
                check="circular-resources",
                what=f"resources depend on each other: {' -> '.join(error.args[1])}",
                where=f"{stack.name}/{error.args[1][0]}",
                setting=BY_PART.get(stack.part, ""),
                remedy="Make one of the references a resource of its own, as a rule of a security group or a policy.",
                documentation=CIRCLES,
            )


def _published(subject: Subject, stack: Stack) -> set[str]:
    return {item.properties.get("Name", "") for item in subject.of("AWS::SSM::Parameter") if item.stack is stack}


def _needed(stack: Stack, name: str) -> set[str]:
    item = stack.resources[name]
    depends_on = item.get("DependsOn", [])
    named = {depends_on} if isinstance(depends_on, str) else set(depends_on)
    return (named | set(references(item.get("Properties", {})))) & set(stack.resources)
