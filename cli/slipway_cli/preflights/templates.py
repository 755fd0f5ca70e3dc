"""Limits of CloudFormation: resources, parameters, outputs and size of each template.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
"""

import json
from collections.abc import Iterator

from slipway_cli.preflights.blame import BY_PART
from slipway_cli.preflights.finding import Finding, Severity
from slipway_cli.preflights.subject import Subject

LIMITS = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"
MOST = {"Resources": 500, "Parameters": 200, "Outputs": 200, "Mappings": 200}
MOST_BYTES = 1_000_000
MOST_PARAMETER_CHARACTERS = 4096
NEAR = 0.9


def templates(subject: Subject) -> Iterator[Finding]:
    """Yield an error for each limit that is passed, and a warning for each that is nearly reached."""
    for stack in subject.stacks:
        counts = {section.lower(): (len(stack.template.get(section, {})), most) for section, most in MOST.items()}
        counts["bytes"] = (len(json.dumps(stack.template, indent=1).encode()), MOST_BYTES)
        for section, (count, most) in counts.items():
            if count > most * NEAR:
                yield Finding(
                    check="template-limits",
                    what=f"the template has {count:,} {section} of at most {most:,}",
                    where=stack.name,
                    setting=BY_PART.get(stack.part, ""),
                    remedy="Switch off what is not needed, or divide the stack.",
                    documentation=LIMITS,
                    severity=Severity.ERROR if count > most else Severity.WARNING,
                )
