#!/usr/bin/env bash
# Runs every static check, goes on after a failure, prints the output of those that failed only.
set -uo pipefail
cd "$(dirname "$0")/.."
bin=.venv/bin
log=$(mktemp)
trap 'rm -f "$log"' EXIT
failed=()

check() {
    local name=$1
    shift
    printf '%-28s' "$name"
    if "$@" >"$log" 2>&1; then
        echo "ok"
    else
        echo "FAILED"
        cat "$log"
        failed+=("$name")
    fi
}

check "lint" "$bin/ruff" check --quiet .
check "format" "$bin/ruff" format --check --quiet --diff .
check "types" "$bin/mypy" --no-error-summary
check "import directions" "$bin/lint-imports" --no-cache
check "translations" "$bin/python" -m tooling.check_translations
check "rules of the house" "$bin/python" -m pytest -q tests/arch
# -p tests.conftest sets numba's environment before the kernels are imported.
check "examples in docstrings" "$bin/python" -m pytest -q -p tests.conftest --doctest-modules \
    --ignore=segmentation/training/networks \
    resources twin segmentation simulation export app/services

if [[ ${#failed[@]} -gt 0 ]]; then
    echo "Failed: ${failed[*]}"
    exit 1
fi
