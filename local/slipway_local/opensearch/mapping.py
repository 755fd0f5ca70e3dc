"""An index's request, and documents against it: only what the local cloud carries out is let in.

Sources: https://docs.aws.amazon.com/opensearch-service/latest/developerguide/serverless-vector-search.html,
https://docs.opensearch.org/latest/field-types/supported-field-types/knn-vector/
"""

from typing import Any

from slipway_local.opensearch.errors import OpenSearchError, closed, illegal

SETTINGS = {"knn", "knn.algo_param.ef_search"}
INTEGERS = {"integer": 31, "long": 63}
OPTIONS = {
    "keyword": {"index", "doc_values"},
    "text": {"analyzer", "index_options", "index", "copy_to"},
    "integer": set(),
    "long": set(),
    "knn_vector": {"dimension", "method"},
}

Properties = dict[str, dict[str, Any]]


def checked_index(body: dict[str, Any]) -> Properties:
    """Return the fields of the request that makes an index. Raises: OpenSearchError."""
    closed(body, "create_index", {"settings", "mappings"}, {"mappings"})
    settings = closed(body.get("settings", {}), "settings", {"index"})
    given = closed(settings.get("index", {}), "settings.index", SETTINGS)
    mappings = closed(body["mappings"], "mappings", {"dynamic", "properties"}, {"dynamic", "properties"})
    if mappings["dynamic"] != "strict":
        raise illegal("the local cloud emulates [dynamic: strict] only")
    properties = checked_properties(mappings["properties"])
    if any(each["type"] == "knn_vector" for each in properties.values()) and given.get("knn") is not True:
        raise illegal("a knn_vector field needs the setting [index.knn: true]")
    return properties


def checked_properties(given: Properties) -> Properties:
    """Return fields that the local cloud emulates. Raises: OpenSearchError."""
    for name, each in given.items():
        kind = each.get("type")
        if kind not in OPTIONS:
            raise illegal(f"the local cloud has no fields of type [{kind}]; it has {', '.join(sorted(OPTIONS))}")
        closed(each, name, OPTIONS[str(kind)] | {"type"})
        if kind == "knn_vector":
            _check_vector(name, each)
        if each.get("analyzer", "english") != "english":
            raise illegal(f"the local cloud has the analyzer [english] only, not [{each['analyzer']}]")
    searched = [name for name, each in given.items() if each["type"] == "text" and each.get("index") is not False]
    if len(searched) > 1 or any(each.get("copy_to", searched[0]) != searched[0] for each in given.values() if searched):
        raise illegal("the local cloud emulates one searched text field, to which others may be copied")
    return given


def _check_vector(name: str, given: dict[str, Any]) -> None:
    dimension = given.get("dimension")
    if not isinstance(dimension, int) or not 1 <= dimension <= 16_000:
        raise illegal(f"Dimension value must be greater than 0 and at most 16000 for vector: {name}")
    method = closed(given.get("method"), "method", {"name", "engine", "space_type", "parameters"}, {"name", "engine"})
    # Vector search collections have the engine faiss with HNSW (or nmslib, which newer ones no longer make).
    if (method["name"], method["engine"]) != ("hnsw", "faiss"):
        raise illegal(f"vector search collections have hnsw of faiss, not {method['name']} of {method['engine']}")
    if method.get("space_type", "l2") != "innerproduct":
        raise illegal(f"the local cloud emulates the space [innerproduct], not [{method.get('space_type', 'l2')}]")
    parameters = closed(method.get("parameters", {}), "parameters", {"m", "ef_construction", "ef_search"})
    if any(not isinstance(value, int) or value < 1 for value in parameters.values()):
        raise illegal(f"the parameters of hnsw are whole numbers above 0, not {parameters}")


def check_document(properties: Properties, source: Any) -> None:
    """Raise OpenSearchError for a document that the mapping does not let in."""
    if not isinstance(source, dict):
        raise OpenSearchError(400, "mapper_parsing_exception", "failed to parse: not an object")
    for name, value in source.items():
        if name not in properties:
            reason = f"mapping set to strict, dynamic introduction of [{name}] within [_doc] is not allowed"
            raise OpenSearchError(400, "strict_dynamic_mapping_exception", reason)
        for each in value if isinstance(value, list) and properties[name]["type"] != "knn_vector" else [value]:
            _check_value(name, properties[name], each)


def _check_value(name: str, mapped: dict[str, Any], value: Any) -> None:
    kind = mapped["type"]
    if kind in INTEGERS:
        fits = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << INTEGERS[kind]
    elif kind == "knn_vector":
        fits = isinstance(value, list) and all(isinstance(each, int | float) for each in value)
        if fits and len(value) != mapped["dimension"]:
            reason = f"Vector dimension mismatch. Expected: {mapped['dimension']}, Given: {len(value)}"
            raise OpenSearchError(400, "mapper_parsing_exception", reason)
    else:
        fits = isinstance(value, str)
        if fits and kind == "keyword" and len(value.encode()) > 32_766:
            raise illegal(f"Document contains at least one immense term in field={name!r}")
    if not fits:
        raise OpenSearchError(400, "mapper_parsing_exception", f"failed to parse field [{name}] of type [{kind}]")
