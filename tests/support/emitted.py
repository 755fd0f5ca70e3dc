"""The metrics that the runtime library can emit, read from its source: by name, with the dimensions of each."""

import ast
from collections import defaultdict
from pathlib import Path

LIBRARY = Path(__file__).parents[2] / "lambda" / "slipway_runtime"
SERVICE = frozenset({"environment", "service"})
# powertools adds the function's service to every metric, also to a single one.
COUNTERS = ("count", "measure_milliseconds")


def emitted() -> dict[str, set[frozenset[str]]]:
    """Return every name with its sets of dimensions, as far as the source names it by a literal."""
    found: defaultdict[str, set[frozenset[str]]] = defaultdict(set)
    for path in LIBRARY.rglob("*.py"):
        tree = ast.parse(path.read_text())
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            function = call.func.id if isinstance(call.func, ast.Name) else ""
            texts = _names(call.args[0], tree) if call.args else []
            keywords = {each.arg: each.value for each in call.keywords if each.arg}
            if function in COUNTERS:
                for name in texts:
                    found[name].add(SERVICE)
            elif function == "_measure_by":
                for name in texts:
                    found[name].add(SERVICE | frozenset(_texts(keywords["dimension"])))
            elif function == "single_metric":
                for name in _texts(keywords["name"]):
                    found[name].add(_added(tree))
    for name in _written_by_meter():
        found[name].add(frozenset({"environment", "tenant", "model"}))
    return dict(found)


def _names(node: ast.expr, tree: ast.Module) -> list[str]:
    """Return the literals of an argument; of one that is looked up in a table of the module, the table's values."""
    if not (isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name)):
        return _texts(node)
    tables = [each.value for each in tree.body if isinstance(each, ast.Assign) and node.value.id in _targets(each)]
    return [name for table in tables if isinstance(table, ast.Dict) for value in table.values for name in _texts(value)]


def _targets(node: ast.Assign) -> list[str]:
    return [target.id for target in node.targets if isinstance(target, ast.Name)]


def _texts(node: ast.expr) -> list[str]:
    return [each.value for each in ast.walk(node) if isinstance(each, ast.Constant) and isinstance(each.value, str)]


def _added(tree: ast.Module) -> frozenset[str]:
    """Return the dimensions that the function `count_finding` adds one by one."""
    (function,) = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "count_finding"]
    calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
    added = [call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "add_dimension"]
    names = [_texts(keyword.value) for call in added for keyword in call.keywords if keyword.arg == "name"]
    return SERVICE | frozenset(name for each in names for name in each)


def _written_by_meter() -> list[str]:
    """Return the names of the line that the meter writes for each request."""
    tree = ast.parse((LIBRARY / "operate" / "meter" / "meter.py").read_text())
    (measure,) = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "measure"]
    values = next(node for node in ast.walk(measure) if isinstance(node, ast.AnnAssign) and _named(node, "values"))
    assert isinstance(values.value, ast.Dict)
    return [key.value for key in values.value.keys if isinstance(key, ast.Constant) and isinstance(key.value, str)]


def _named(node: ast.AnnAssign, name: str) -> bool:
    return isinstance(node.target, ast.Name) and node.target.id == name
