#!/usr/bin/env bash
# Creates .venv with the pinned dependencies and TwinSight itself, or leaves it alone when it is current.
set -euo pipefail
cd "$(dirname "$0")/.."

venv=.venv
stamp=$venv/.twinsight-installed
current=$(cat pyproject.toml constraints.txt | sha256sum | cut -d ' ' -f 1)

is_current() {
    [[ -x $venv/bin/twinsight && -f $stamp && $(cat "$stamp") == "$current" ]] \
        && made_here && "$venv/bin/python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null
}

# The scripts of an environment hold its path: one that was moved or copied must be made anew.
made_here() { grep -qF "$PWD/$venv" "$venv/bin/activate" 2>/dev/null; }

is_current && exit 0

# Two calls of make at once: the second waits, then finds the work done.
exec 9<pyproject.toml
if command -v flock >/dev/null; then flock 9; fi
is_current && exit 0

find_python() {
    local candidate path
    for candidate in python3.11 python3 python; do
        # A shim may exist without a version behind it: ask each one on the path.
        while read -r path; do
            if "$path" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
                echo "$path"
                return
            fi
        done < <(type -aP "$candidate")
    done
    echo "Python 3.11 was not found. Please install it (Debian 12: apt-get install python3)." >&2
    return 1
}

create_venv() {
    local python
    python=$(find_python)
    if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
        # Debian keeps these two modules in a package of their own.
        if [[ $(id -u) -eq 0 ]] && command -v apt-get >/dev/null; then
            echo "Installing python3-venv"
            DEBIAN_FRONTEND=noninteractive apt-get update -qq >/dev/null
            DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv >/dev/null
        else
            echo "This Python cannot create environments. Please run: apt-get install python3-venv" >&2
            exit 1
        fi
    fi
    "$python" -m venv --clear "$venv"
}

if ! made_here || ! "$venv/bin/python" -m pip --version >/dev/null 2>&1 \
    || ! "$venv/bin/python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))'; then
    echo "Creating the Python environment in $venv"
    create_venv
fi

echo "Installing the pinned Python packages (once, about a minute)"
rm -f "$stamp"
"$venv/bin/python" -m pip install --quiet --quiet --disable-pip-version-check --no-input \
    --constraint constraints.txt --editable '.[test,check,viewer]'
echo "$current" > "$stamp"
