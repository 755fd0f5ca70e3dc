"""Lineage and model card of a version, from what the run has kept."""

from typing import Any

from slipway_runtime.train.pipeline.run import Run

OBSERVATION_CHARACTERS = 1024


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
        "items_sha256": frozen["sha256"]["items"],
        "base": str(request["base"]),
        "base_sha256": str(manifest.get("base_sha256", "")),
        "strategy": str(manifest.get("strategy", "")),
        "checksum": str(manifest.get("checksum", "")),
        "configuration": run.address("manifest.json"),
        "evaluation": evaluation["report"],
        "compared_with": evaluation["baseline_of"],
        "validation_loss": repr(evaluation["figures"].get("validation_loss", "")),
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
    measured = {
        who: {name: each[who] for name, each in evaluation["metrics"].items() if who in each}
        for who in ("candidate", "baseline")
    }
    groups = [
        {"name": name, "metric_data": _numbers(values)}
        for name, values in {"training": evaluation["figures"], **measured}.items()
    ]
    return {
        "model_overview": {"model_creator": request["requested_by"], "model_artifact": [state["trained"]["model"]]},
        "intended_uses": {"purpose_of_model": f"{request['name']}: fine-tuned from {request['base']}"},
        "training_details": {"training_observations": state["gate"]["reason"][:OBSERVATION_CHARACTERS]},
        "evaluation_details": [
            {
                "name": f"candidate against {evaluation['baseline_of']}",
                "evaluation_observation": f"{evaluation['items']} items, SHA-256 {evaluation['items_sha256']}",
                "metadata": {"report": evaluation["report"], "gate": known["gate"]},
                "metric_groups": groups,
            }
        ],
        "additional_information": {"custom_details": known},
    }


def _numbers(values: dict[str, float]) -> list[dict[str, Any]]:
    return [{"name": name, "type": "number", "value": value} for name, value in sorted(values.items())]
