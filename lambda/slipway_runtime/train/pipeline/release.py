"""Lineage and model card of a version, from what the run has kept."""

from typing import Any

from slipway_runtime.train.pipeline.run import Run


def lineage(run: Run, state: dict[str, Any], manifest: dict[str, Any], approver: str) -> dict[str, str]:
    """Return the properties of a version: data, code, image, configuration, evaluation, approver."""
    frozen, evaluation, request = state["frozen"], state["evaluation"], state["request"]
    return {
        "run": run.id,
        "data_sha256": frozen["sha256"]["train"],
        "validation_sha256": frozen["sha256"]["validation"],
        "code_version": str(manifest.get("code_version", "")),
        "image": state["trained"]["image"],
        "training_job": state["trained"]["job"],
        "base": str(request["base"]),
        "base_sha256": str(manifest.get("base_sha256", "")),
        "strategy": str(manifest.get("strategy", "")),
        "checksum": str(manifest.get("checksum", "")),
        "configuration": run.address("manifest.json"),
        "evaluation": run.address("evaluation.json"),
        "validation_loss": repr(evaluation["candidate"]),
        "gate": run.address("gate.json"),
        "requested_by": str(request["requested_by"]),
        "approver": approver,
        "dollars": f"{state['measured']['dollars']:.4f}" if state["measured"]["dollars"] is not None else "",
    }


def card(state: dict[str, Any], known: dict[str, str]) -> dict[str, Any]:
    """Return the content of the model card.

    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/model-cards.html
    """
    evaluation, request = state["evaluation"], state["request"]
    data = [{"name": name, "type": "number", "value": value} for name, value in sorted(evaluation["figures"].items())]
    return {
        "model_overview": {"model_creator": request["requested_by"], "model_artifact": [state["trained"]["model"]]},
        "intended_uses": {"purpose_of_model": f"{request['name']}: fine-tuned from {request['base']}"},
        "training_details": {"training_observations": state["gate"]["reason"]},
        "evaluation_details": [
            {
                "name": evaluation["metric"],
                "evaluation_observation": f"{evaluation['items']} items, SHA-256 {evaluation['items_sha256']}",
                "metric_groups": [{"name": "figures", "metric_data": data}],
            }
        ],
        "additional_information": {"custom_details": known},
    }
