"""Draw docs/architecture.svg from the synthesised templates of one environment, so that the picture cannot go stale.

    .venv/bin/python tools/architecture.py [--check] [--env prod]

Boxes are stacks, their lines what the stack creates (without plumbing such as roles and policies), arrows the names
that one stack publishes in SSM and another reads. --check exits 1 if the file differs.
"""

import argparse
import json
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from slipway_cli.synth import run_app

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "architecture.svg"
READS = "AWS::SSM::Parameter::Value<String>"
LABELS = {
    "AWS::ApiGateway::RestApi": "REST API",
    "AWS::CloudWatch::Alarm": "alarms",
    "AWS::CloudWatch::Dashboard": "dashboard",
    "AWS::DynamoDB::Table": "DynamoDB",
    "AWS::DynamoDB::GlobalTable": "DynamoDB",
    "AWS::EC2::VPC": "VPC",
    "AWS::EC2::VPCEndpoint": "VPC endpoints",
    "AWS::EMRServerless::Application": "EMR Serverless",
    "AWS::Events::Rule": "EventBridge rule",
    "AWS::Glue::Job": "Glue job",
    "AWS::Glue::Table": "Glue tables",
    "AWS::KMS::Key": "KMS key",
    "AWS::KinesisFirehose::DeliveryStream": "Firehose",
    "AWS::Lambda::Function": "Lambda",
    "AWS::RDS::DBCluster": "Aurora pgvector",
    "AWS::S3::Bucket": "S3",
    "AWS::SNS::Topic": "SNS topic",
    "AWS::SQS::Queue": "SQS",
    "AWS::SecretsManager::Secret": "secret",
    "AWS::StepFunctions::StateMachine": "state machine",
    "AWS::WAFv2::WebACL": "WAF",
}
COUNTED = {"AWS::CloudWatch::Alarm", "AWS::EC2::VPCEndpoint"}
PLUMBING = {
    "Resource",
    "Machine",
    "Acl",
    "Dashboard",
    "Vpc",
    "Function",
    "Default",
    "Cluster",
    "Queue",
    "Table",
    "Bucket",
    "Key",
    "Api",
    "Secret",
}
NAMED_WITHOUT_CODE: dict[str, object] = {"aws:cdk:bundling-stacks": [], "aws:cdk:enable-path-metadata": True}
WIDTH, GAP_X, GAP_Y, LINE, PAD = 250, 60, 26, 18, 14
STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#1f2933}.title{font-weight:600;font-size:15px}.kind{fill:#52606d}"
    ".box{fill:#fff;stroke:#9aa5b1}.stateful{fill:#f0f7ff;stroke:#2b6cb0;stroke-width:1.5}.actor{fill:#fff8e6;stroke:#b7791f}"
    ".arrow{fill:none;stroke:#7b8794;stroke-width:1.3;marker-end:url(#head)}.note{font-size:12px;fill:#52606d}"
)


@dataclass
class Stack:
    """One stack: its short name, what it creates by label, and the names it publishes and reads."""

    name: str
    stateful: bool
    parts: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    publishes: set[str] = field(default_factory=set)
    reads: set[str] = field(default_factory=set)

    def lines(self) -> list[str]:
        """What the box says, a line for each kind."""
        return [f"{label}: {', '.join(names)}" if names[0] else label for label, names in sorted(self.parts.items())]


def part_name(resource: dict[str, Any]) -> str:
    """The construct's own name, from its path: `slipway-prod-gateway/Chat/Function/Resource` -> `Chat`."""
    path = resource.get("Metadata", {}).get("aws:cdk:path", "")
    names = [part for part in path.split("/")[2:] if part not in PLUMBING]
    return names[-1] if names else ""


def read_stack(name: str, template: dict[str, Any]) -> Stack:
    """What the picture needs of one template."""
    types = {resource["Type"] for resource in template["Resources"].values()}
    stack = Stack(name, stateful=bool(types & {"AWS::S3::Bucket", "AWS::RDS::DBCluster"}))
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::SSM::Parameter":
            stack.publishes.add(resource["Properties"]["Name"])
        elif label := LABELS.get(resource["Type"]):
            stack.parts[label].append("" if resource["Type"] in COUNTED else part_name(resource))
    for label in list(stack.parts):
        if label in {LABELS[kind] for kind in COUNTED}:
            stack.parts[f"{len(stack.parts.pop(label))} {label}"] = [""]
    stack.reads = {p["Default"] for p in template.get("Parameters", {}).values() if p["Type"] == READS}
    return stack


def read_assembly(folder: Path) -> list[Stack]:
    """The stacks of an assembly and of those nested in it, in the order of their manifest."""
    stacks = []
    for artifact_id, artifact in json.loads((folder / "manifest.json").read_text())["artifacts"].items():
        if artifact["type"] == "cdk:cloud-assembly":
            stacks += read_assembly(folder / artifact["properties"]["directoryName"])
        elif artifact["type"] == "aws:cloudformation:stack":
            template = json.loads((folder / artifact["properties"]["templateFile"]).read_text())
            name = artifact["properties"].get("stackName", artifact_id).split("-")[-1]
            stacks.append(read_stack(name.capitalize(), template))
    return stacks


def arrows(stacks: list[Stack]) -> dict[tuple[str, str], list[str]]:
    """The names that pass from one stack to another, without the arrows that a longer way shows already."""
    direct = {
        (other.name, stack.name): sorted(name.split("/")[-1] for name in stack.reads & other.publishes)
        for stack in stacks
        for other in stacks
        if other is not stack and stack.reads & other.publishes
    }

    def reaches(start: str, end: str) -> bool:
        return any(a == start and (b == end or reaches(b, end)) for a, b in direct)

    def is_shortcut(start: str, end: str) -> bool:
        return any(a == start and b != end and reaches(b, end) for a, b in direct)

    return {pair: names for pair, names in direct.items() if not is_shortcut(*pair)}


def columns(stacks: list[Stack]) -> list[list[Stack]]:
    """The stacks by depth: a stack stands to the right of every stack it reads from."""
    depth: dict[str, int] = {}

    def place(stack: Stack) -> int:
        if stack.name not in depth:
            before = [other for other in stacks if other is not stack and other.publishes & stack.reads]
            depth[stack.name] = 1 + max((place(other) for other in before), default=-1)
        return depth[stack.name]

    for stack in stacks:
        place(stack)
    return [[s for s in stacks if depth[s.name] == d] for d in range(max(depth.values()) + 1)]


def wrap(line: str, limit: int = 32) -> list[str]:
    """Break a line between words, to fit the box."""
    rows, row = [], ""
    for word in line.split():
        if row and len(row) + len(word) + 1 > limit:
            rows.append(row)
            row = "  " + word
        else:
            row = f"{row} {word}".strip() if row.strip() else word
    return [*rows, row]


def box(x: int, y: int, title: str, rows: list[str], kind: str) -> tuple[str, int]:
    """The SVG of one box, and its height."""
    height = PAD * 2 + LINE * (len(rows) + 1)
    text = [f'<text class="title" x="{x + PAD}" y="{y + PAD + 12}">{escape(title)}</text>']
    for number, row in enumerate(rows, 2):
        text.append(f'<text class="kind" x="{x + PAD}" y="{y + PAD + LINE * number - 5}">{escape(row)}</text>')
    frame = f'<rect class="{kind}" x="{x}" y="{y}" width="{WIDTH}" height="{height}" rx="8"/>'
    return frame + "".join(text), height


def arrow(start: tuple[int, int], end: tuple[int, int], title: str) -> str:
    """A curve from one box's right side to another's left side."""
    middle = (start[0] + end[0]) // 2
    path = f"M{start[0]},{start[1]} C{middle},{start[1]} {middle},{end[1]} {end[0] - 4},{end[1]}"
    return f'<path class="arrow" d="{path}"><title>{escape(title)}</title></path>'


def draw(stacks: list[Stack], environment: str) -> str:
    """The whole picture as SVG."""
    shapes, places, bottom = [], {}, 0
    grid = columns(stacks)
    for column, members in enumerate(grid):
        x, y = PAD + column * (WIDTH + GAP_X), 52
        for stack in members:
            rows = [row for line in stack.lines() for row in wrap(line)]
            shape, height = box(x, y, stack.name, rows, "stateful" if stack.stateful else "box")
            shapes.append(shape)
            places[stack.name] = (x, y + height // 2)
            y += height + GAP_Y
        bottom = max(bottom, y)
    for (start, end), names in arrows(stacks).items():
        (x1, y1), (x2, y2) = places[start], places[end]
        shapes.insert(0, arrow((x1 + WIDTH, y1), (x2, y2), ", ".join(names)))
    width = PAD * 2 + len(grid) * (WIDTH + GAP_X) - GAP_X
    head = '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    head += '<path d="M0,0 L8,4 L0,8 z" fill="#7b8794"/></marker></defs>'
    note = f"The environment “{environment}”, drawn from its templates. Blue: holds data. Arrows: names read from SSM."
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {bottom}" width="{width}" height="{bottom}">'
        f'<style>{STYLE}</style>{head}<rect width="100%" height="100%" fill="#f8fafc"/>'
        f'<text class="note" x="{PAD}" y="30">{escape(note)}</text>{"".join(shapes)}</svg>\n'
    )


def main() -> None:
    """Write the picture, or with --check compare it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if the picture is out of date")
    parser.add_argument("--env", default="prod", help="the environment to draw (default: %(default)s)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run_app(ROOT, Path(folder), {"env": arguments.env} | NAMED_WITHOUT_CODE)
        picture = draw(read_assembly(Path(folder)), arguments.env)
    if not arguments.check:
        PICTURE.write_text(picture, encoding="utf-8")
    elif PICTURE.read_text(encoding="utf-8") != picture:
        sys.exit(f"{PICTURE} is out of date: run `make docs`")


if __name__ == "__main__":
    main()
