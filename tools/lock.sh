#!/usr/bin/env bash
# Rewrites every lock file from pyproject.toml and lambda/requirements/*.in: universal (one file for each Python and
# platform), with hashes. Run it after changing a dependency: `make lock`.
set -euo pipefail
cd "$(dirname "$0")/.."
compile() { .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header "$@" >/dev/null; }
compile pyproject.toml --extra local --extra dev -o requirements-dev.txt
compile pyproject.toml -c requirements-dev.txt -o requirements.txt
for set in lambda/requirements/*.in; do compile "$set" -c requirements-dev.txt -o "${set%.in}.txt"; done
compile benchmarks/requirements.in -o benchmarks/requirements.txt
compile tools/lambda-runtime.in -c requirements-dev.txt -o local/slipway_local/lambda_runtime.txt
compile tools/glue-runtime.in -c requirements-dev.txt -o local/slipway_local/glue/runtime.txt
compile jobs/prepare_corpus/emr_serverless.in -c requirements-dev.txt -o jobs/prepare_corpus/emr_serverless.txt
compile tools/mlflow-runtime.in -c requirements-dev.txt --override tools/without-tables.txt -o local/slipway_local/tracking/runtime.txt
# torch is the container's: without it the lock brings no CUDA either.
for job in fine_tune evaluate; do
  compile "jobs/$job/requirements.in" -c requirements-dev.txt --override tools/no-torch.txt -o "jobs/$job/requirements.txt"
done
compile jobs/fine_tune/requirements-wandb.in -c requirements-dev.txt -c jobs/fine_tune/requirements.txt --override tools/no-torch.txt -o jobs/fine_tune/requirements-wandb.txt
