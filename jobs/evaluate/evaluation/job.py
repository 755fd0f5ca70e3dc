"""One evaluation from its inputs to its reports."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import msgspec

from evaluation import harness, hub, items, judging, page, report
from evaluation.measure_all import Wanted, measure
from evaluation.model import Model, folder_of
from evaluation.places import Places
from evaluation.refused import EvaluationRefusedError
from evaluation.sandbox.run import Limits


def run(given: argparse.Namespace, places: Places) -> None:
    """Evaluate. Raises: EvaluationRefusedError for what cannot work."""
    output = given.output or places.output
    where = given.model or places.given("model", "")
    listed = given.items or places.given("items", "*.jsonl")
    if not listed and not given.benchmark:
        raise EvaluationRefusedError("There is nothing to evaluate on", "Give --items, or --benchmark")
    folder = folder_of(where) if where else None
    device = given.device or (_device() if folder else "cpu")
    output.mkdir(parents=True, exist_ok=True)
    if given.base_hub:
        given.base_model = hub.download(given.base_hub)
    if listed:
        given.production = _measured(given, places, listed, device, output) or given.production
        _on_items(given, places, listed, folder, device, output)
    if given.benchmark:
        if not folder:
            raise EvaluationRefusedError("A benchmark needs a model", "Give --model")
        base = _base(given, places)
        limits = _limits(given)
        found = harness.run(
            given.benchmark,
            folder,
            base,
            given.tasks,
            limit=given.limit,
            batch=given.batch,
            device=device,
            limits=limits,
        )
        _write(output / "benchmarks.json", found)


def _measured(given: argparse.Namespace, places: Places, listed: Path, device: str, output: Path) -> Path | None:
    """Evaluate the model in production on the same items, or the base in its place; return its report."""
    model = given.production_model or places.given("production-model", "")
    name = "production" if model else "base"
    model = model or (_base(given, places) if given.against_base else None)
    if not model:
        return None
    if given.production or places.given("production", "report.json"):
        raise EvaluationRefusedError("There are a report and a model of production", "Give one of them")
    own = {"name": name, "production": None, "predictions": None, "judge": ""}
    folder = output / "production"
    folder.mkdir(exist_ok=True)
    _on_items(argparse.Namespace(**{**vars(given), **own}), places, listed, folder_of(model), device, folder)
    return folder / "report.json"


def _on_items(
    given: argparse.Namespace, places: Places, listed: Path, folder: Path | None, device: str, output: Path
) -> None:
    some = items.read(listed)
    answers = given.predictions or places.given("predictions", "*.jsonl")
    model = Model.load(folder, _base(given, places), device) if folder else None
    ks = [int(each) for each in given.k.split(",")]
    if answers:
        some = items.with_answers(some, answers)
    elif model:
        count = given.samples or max(ks)
        made = model.answer(some, count=count, new_tokens=given.max_new_tokens, batch=given.batch, seed=given.seed)
        some = [
            msgspec.structs.replace(item, prediction=each[0], predictions=each)
            for item, each in zip(some, made, strict=True)
        ]
    unanswered = [item.id for item in some if not item.answers]
    if unanswered:
        cause = f"{len(unanswered)} items have no answer, such as {unanswered[0]!r}"
        raise EvaluationRefusedError(cause, "Give --model, --predictions, or items with a prediction")
    scorer = given.bertscore_model or places.given("bertscore", "")
    wanted = Wanted(
        families=given.metrics.split(","),
        bertscore_model=folder_of(scorer) if scorer else None,
        device=device,
        batch=given.batch,
        ks=ks,
        limits=_limits(given),
    )
    name = given.name or (folder.name if folder else "predictions")
    found, production = measure(some, model, wanted), _production(given, places)
    told = _judged(given, places, some) if given.judge else None
    if told:
        found.measures.append(judging.measure(told))
        _tell_production(given, told, production, output)
    whole = report.build(name, some, found, production)
    if told:
        whole["judge"] = told
    _write(output / "report.json", whole)
    (output / "report.html").write_text(page.page(whole), encoding="utf-8")
    lines = [msgspec.json.encode({"id": item.id, "predictions": item.answers}) for item in some]
    (output / "predictions.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    for metric, about in whole["metrics"].items():
        sys.stdout.write(f"{metric}={about['value']:.6f};\n")


def _judged(given: argparse.Namespace, places: Places, some: list[items.Item]) -> dict[str, Any]:
    import boto3

    path = given.production or places.given("production", "report.json")
    rivals = given.production_predictions or (path.with_name("predictions.jsonl") if path else None)
    if not rivals or not rivals.is_file():
        raise EvaluationRefusedError("The judge has nothing to compare with", "Give --production-predictions")
    labels = given.calibration or places.given("calibration", "*.jsonl")
    return judging.judge(some, rivals, given.judge, labels, boto3.client("bedrock-runtime"))


def _tell_production(
    given: argparse.Namespace, told: dict[str, Any], production: dict[str, Any] | None, output: Path
) -> None:
    """Put the judge's points of production into its report, for the gate; a report from elsewhere stays as it is."""
    if production is None:
        return
    report.add(production, *judging.measure(told, of_production=True))
    path = output / "production" / "report.json"
    if given.production == path:
        _write(path, production)


def _production(given: argparse.Namespace, places: Places) -> dict[str, Any] | None:
    path = given.production or places.given("production", "report.json")
    if not path:
        return None
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if found.get("format") != report.FORMAT:
        raise EvaluationRefusedError(f"{path.name} is no report of this program", "Evaluate the production model again")
    return found


def _base(given: argparse.Namespace, places: Places) -> Path | None:
    found: Path | None = given.base_model or places.given("base", "")
    return found


def _limits(given: argparse.Namespace) -> Limits:
    return Limits(seconds=given.code_seconds, memory_bytes=given.code_megabytes * 1024 * 1024)


def _device() -> str:
    import torch

    found = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
    return found.type if found else "cpu"


def _write(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=1, allow_nan=False), encoding="utf-8")
