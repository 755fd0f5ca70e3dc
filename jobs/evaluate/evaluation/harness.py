"""Public benchmarks by lm-evaluation-harness, which loads their data where it runs.

Tasks that run a model's code are only predicted by the harness; the programs then run in the sandbox.
Source: https://github.com/EleutherAI/lm-evaluation-harness/tree/v0.4.13/lm_eval/tasks
"""

import os
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from evaluation.metrics import code
from evaluation.model import ADAPTER, folder_of
from evaluation.refused import EvaluationRefusedError
from evaluation.sandbox.run import Limits

PRESETS: dict[str, tuple[str, ...]] = {
    "glue": ("glue",),
    "superglue": ("super-glue-lm-eval-v1",),
    "hellaswag": ("hellaswag",),
    "truthfulqa": ("truthfulqa_mc1", "truthfulqa_mc2", "truthfulqa_gen"),
    "mmlu": ("mmlu",),
    "lambada": ("lambada_openai", "lambada_standard"),
    "bigbench": ("bigbench_multiple_choice_a", "bigbench_multiple_choice_b"),
    "humaneval": ("humaneval",),
    "mbpp": ("mbpp",),
}
SHOWN_SAMPLES = 5


def run(
    asked: Sequence[str],
    model: Path,
    base: Path | None,
    folder: Path | None,
    *,
    limit: int | None,
    batch: int,
    device: str,
    limits: Limits,
) -> dict[str, Any]:
    """Return the results by task. Raises: EvaluationRefusedError for an unknown task, or data that cannot be had."""
    from lm_eval.tasks import TaskManager

    manager = TaskManager(include_path=str(folder) if folder else None)
    names = [task for each in asked for task in PRESETS.get(each, (each,))]
    unknown = sorted(set(names) - set(manager.all_tasks))
    if unknown:
        known = ", ".join(PRESETS)
        raise EvaluationRefusedError(f"lm-eval {version('lm-eval')} has no task {unknown[0]!r}", f"Presets are {known}")
    shared = {
        "model": "hf",
        "model_args": _arguments(model, base),
        "task_manager": manager,
        "limit": limit,
        "batch_size": batch,
        "device": device,
    }
    programs = [name for name in names if is_code(manager, name)]
    plain = [name for name in names if name not in programs]
    found: dict[str, Any] = {"harness": f"lm-eval {version('lm-eval')}", "limit": limit, "tasks": {}}
    if plain:
        result = _evaluate(plain, **shared)
        found["tasks"] |= {name: _figures(result, name) for name in result["results"]}
    if programs:
        # The metric's module wants this to load, and tries a line of its own. Nothing of the model's runs there.
        os.environ["HF_ALLOW_CODE_EVAL"] = "1"
        result = _evaluate(programs, **shared, predict_only=True, confirm_run_unsafe_code=True)
        found["tasks"] |= {name: passed(samples, limits) for name, samples in result["samples"].items()}
    return found


def is_code(manager: Any, name: str) -> bool:
    """Return whether a task runs what the model writes."""
    entry = manager.task_index[name]
    config = getattr(entry, "cfg", None) or {}
    return bool(config.get("unsafe_code")) or name.startswith(("humaneval", "mbpp"))


def passed(samples: Sequence[dict[str, Any]], limits: Limits) -> dict[str, Any]:
    """Return pass@1 of a code task's samples: each holds the programs, and the tests as its target."""
    programs = [[f"{each}\n{sample['target']}\n" for each in _flat(sample["filtered_resps"])] for sample in samples]
    outcomes = code.outcomes(programs, limits)
    (measure,) = code.measures(outcomes, [1], limits)
    errors = [one.error for each in outcomes for one in each if one.error]
    return {"pass@1": measure.value, "n": len(samples), "errors": errors[:SHOWN_SAMPLES]}


def _flat(responses: Any) -> list[str]:
    return [responses] if isinstance(responses, str) else [text for each in responses for text in _flat(each)]


def _arguments(model: Path, base: Path | None) -> dict[str, str]:
    if not (model / ADAPTER).is_file():
        return {"pretrained": str(model)}
    if base is None:
        raise EvaluationRefusedError(f"{model} is an adapter without its base model", "Give --base-model")
    return {"pretrained": str(folder_of(base)), "peft": str(model)}


def _evaluate(names: Sequence[str], **options: Any) -> dict[str, Any]:
    from lm_eval import simple_evaluate

    try:
        result: dict[str, Any] = simple_evaluate(tasks=list(names), **options)
    except (OSError, ConnectionError, ValueError) as error:
        cause = f"The benchmark {', '.join(names)} failed: {str(error).splitlines()[0]}"
        raise EvaluationRefusedError(
            cause, "The harness loads its data from the Hub: let the job reach it, or put the data set into HF_HOME"
        ) from error
    return result


def _figures(result: dict[str, Any], name: str) -> dict[str, Any]:
    figures = {key: value for key, value in result["results"][name].items() if isinstance(value, int | float)}
    return figures | {"version": result.get("versions", {}).get(name), "n": result.get("n-samples", {}).get(name)}
