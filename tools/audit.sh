#!/usr/bin/env bash
# Known security holes of the installed packages, as the package index itself tells them (PyPI's JSON, no other host).
# Needs pip-audit; without it, or without an answer, this says so and ends with 0.
set -uo pipefail
cd "$(dirname "$0")/.."
if ! .venv/bin/python -m pip_audit --version >/dev/null 2>&1; then
  echo "   pip-audit is not installed (.venv/bin/pip install pip-audit): no audit was made"
  exit 0
fi
.venv/bin/python -m pip_audit --vulnerability-service pypi --skip-editable --progress-spinner off --timeout 10
