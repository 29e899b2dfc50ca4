#!/usr/bin/env bash
# Runs pytest under a virtual screen where there is none, in two processes (tests/conftest.py shares the tests out).
# Arguments go to pytest.
set -euo pipefail
cd "$(dirname "$0")/.."
pytest=(.venv/bin/python -m pytest --numprocesses=logical --maxprocesses=2 --dist=loadscope "$@")

# Windows are tested as the user sees them: on an X screen of their own, never on the developer's.
if command -v xvfb-run >/dev/null; then
    unset WAYLAND_DISPLAY
    export QT_QPA_PLATFORM=xcb LIBGL_ALWAYS_SOFTWARE=1
    exec xvfb-run --auto-servernum --server-args="-screen 0 1920x1200x24 -nolisten tcp" "${pytest[@]}"
fi
echo "xvfb-run was not found: windows are drawn into memory only." >&2
QT_QPA_PLATFORM=offscreen exec "${pytest[@]}"
