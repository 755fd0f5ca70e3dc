"""Whether an answer is what botocore's model of the operation says: its parser drops what it does not know."""

from typing import Any

import botocore.session
from botocore.validate import ParamValidator

SESSION = botocore.session.get_session()


def check_answer(service: str, operation: str, answer: dict[str, Any]) -> None:
    """Fail if `answer`, the body as it was sent, lacks a required member, has an unknown one or a wrong type."""
    shape = SESSION.get_service_model(service).operation_model(operation).output_shape
    report = ParamValidator().validate(answer, shape)
    assert not report.has_errors(), report.generate_report()
    assert unknown(answer, shape) == []


def unknown(value: Any, shape: Any, where: str = "") -> list[str]:
    """The paths in `value` that the shape does not have."""
    if getattr(shape, "is_document_type", False):  # any JSON
        return []
    if shape.type_name == "structure" and isinstance(value, dict):
        found = [f"{where}.{name}" for name in value if name not in shape.members]
        for name, item in value.items():
            found += unknown(item, shape.members[name], f"{where}.{name}") if name in shape.members else []
        return found
    if shape.type_name == "list":
        return [one for item in value for one in unknown(item, shape.member, f"{where}[]")]
    if shape.type_name == "map":
        return [one for key, item in value.items() for one in unknown(item, shape.value, f"{where}.{key}")]
    return []
