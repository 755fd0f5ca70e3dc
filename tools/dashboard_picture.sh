#!/usr/bin/env bash
# Draws docs/images/dashboard-platform.png: brings up dev on this machine, gives it something to do, and renders.
set -euo pipefail
cd "$(dirname "$0")/.."
.venv/bin/slipway local up --env dev >/dev/null
.venv/bin/slipway ingest docs/runbooks docs/stores >/dev/null
for question in "What do I do when the dead-letter queue is not empty?" "How do I let duplicates go?" \
  "Why is the database at its maximum?" "What does S3 Vectors cost?" "Which alarms does an endpoint have?"; do
  for _ in 1 2 3; do .venv/bin/slipway ask "$question" >/dev/null; sleep 4; done
done
sleep 6
.venv/bin/slipway dashboard --env dev --render .slipway/dashboards --minutes "${1:-6}" --period 10 --compact
cp .slipway/dashboards/slipway-dev-platform.png docs/images/dashboard-platform.png
