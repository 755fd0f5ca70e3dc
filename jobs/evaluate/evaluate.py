#!/usr/bin/env python3
"""Evaluates a language model on items with references, in a SageMaker Processing job or by hand.

    python jobs/evaluate/evaluate.py --items items.jsonl --model model/ --output out/
    python jobs/evaluate/evaluate.py --items items.jsonl --predictions answers.jsonl --production old/report.json
    python jobs/evaluate/evaluate.py --model model/ --benchmark glue --benchmark humaneval

An item is a JSON object a line: {"id", "prompt" or "messages", "references", "label", "tests", "forbidden",
"required", "slices", "prediction"}, see evaluation/items.py. Answers come from the items, from --predictions (the same
ids), or from --model. Writes report.json, report.html, predictions.jsonl and, for benchmarks, benchmarks.json.
A job that cannot work ends with 1, cause and remedy in failure.json and in the job's ExitMessage.
Inputs not named are looked for as a Processing job has them: /opt/ml/processing/input/{items,model,base,production,
production-model,predictions,bertscore}. Needs `slipway_runtime` on its path, requirements.txt, and torch where a model
answers.
"""

import argparse
import sys
import traceback
from pathlib import Path

import evaluation  # noqa: F401 - found below, then this folder leaves the path: a library here is called `evaluate`, too

sys.path = [each for each in sys.path if Path(each or ".").resolve() != Path(__file__).resolve().parent]

from evaluation import job  # noqa: E402
from evaluation.harness import PRESETS  # noqa: E402
from evaluation.measure_all import FAMILIES  # noqa: E402
from evaluation.places import Places  # noqa: E402
from evaluation.refused import EvaluationRefusedError  # noqa: E402


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """Return the arguments."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--root", type=Path, default=Path("/opt/ml"), help="where a Processing job's folders are (default /opt/ml)")
    add("--items", type=Path, help="JSONL of items")
    add("--predictions", type=Path, help="JSONL of answers: id and prediction, or predictions")
    add("--model", type=Path, help="folder of a Hugging Face model or adapter, or of a job's model.tar.gz")
    add("--base-model", type=Path, help="folder of the base model: of an adapter, or of --against-base")
    add("--base-hub", default="", help="the base model on the Hub, ID@REVISION, in place of --base-model")
    add("--name", default="", help="the model's name in the report (default: its folder's)")
    add("--production", type=Path, help="report.json of the model in production, on the same items")
    add("--production-model", type=Path, help="its model instead: it is evaluated first, alike, to production/")
    add("--against-base", action="store_true", help="without a model in production, the base model takes its place")
    add("--judge", default="", help="a Bedrock model that compares the answers with production's, each pair twice")
    add("--production-predictions", type=Path, help="production's predictions.jsonl (default: beside its report)")
    add("--calibration", type=Path, help="JSONL of people's verdicts for the judge: id and winners")
    add("--output", type=Path, help="folder of the reports (default: processing/output below --root)")
    add("--metrics", default=",".join(FAMILIES), help="families, with commas (default: all that the items allow)")
    add("--bertscore-model", type=Path, help="folder of an encoder for BERTScore")
    add("--k", default="1", help="the k of pass@k, with commas (default 1)")
    add("--samples", type=int, default=0, help="answers for each item (default: the largest k)")
    add("--code-seconds", type=float, default=5.0, help="time of a program in the sandbox (default 5)")
    add("--code-megabytes", type=int, default=512, help="address space of a program in the sandbox (default 512)")
    add("--max-new-tokens", type=int, default=256, help="tokens of an answer (default 256)")
    add("--batch", type=int, default=8, help="items at once (default 8)")
    add("--seed", type=int, default=0, help="of sampling (default 0)")
    add("--device", default="", help="cpu, cuda, … (default: what the machine has)")
    add("--benchmark", action="append", default=[], help=f"a preset ({', '.join(PRESETS)}) or a task of lm-eval")
    add("--tasks", type=Path, help="folder of your own lm-eval tasks (YAML)")
    add("--limit", type=int, help="items of each benchmark task (default: all)")
    return parser.parse_args(given)


def main() -> None:
    """Evaluate as asked, or say why not."""
    given = arguments()
    places = Places(given.root)
    try:
        job.run(given, places)
    except Exception as error:
        told = isinstance(error, EvaluationRefusedError)
        reason = str(error) if told else f"{type(error).__name__}: {error}. The log holds the whole trace."
        if not told:
            traceback.print_exc()
        places.fail(reason, given.output)
        sys.stderr.write(reason + "\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
