#!/usr/bin/env bash
# Installs the few system libraries that the Python wheels expect, on Debian and its relatives.
# As root it installs what is missing; otherwise it names the command and stops. It never calls sudo.
# TWINSIGHT_SYSTEM_LIBRARIES=skip continues without looking. Further packages may be named as arguments.
set -euo pipefail

packages=(
    # kernels on several threads
    libgomp1
    # 3D pictures without a graphics card
    libegl1 libgl1 libgl1-mesa-dri libx11-6 libxrender1
    # windows
    libglib2.0-0 libdbus-1-3 libfontconfig1 libxkbcommon0 libxkbcommon-x11-0
    libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 libxcb-shape0
    libxcb-xinerama0 libxcb-xkb1
    # a screen for the tests
    xvfb xauth
    # PDF reports, and a typeface with French accents
    libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core
    "$@"
)

[[ "${TWINSIGHT_SYSTEM_LIBRARIES:-}" == skip ]] && exit 0
if ! command -v dpkg-query >/dev/null; then
    echo "Not a Debian system: please install the equivalents of: ${packages[*]}"
    exit 0
fi

missing=()
for package in "${packages[@]}"; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [[ "$status" == installed ]] || missing+=("$package")
done
[[ ${#missing[@]} -eq 0 ]] && exit 0

if [[ $(id -u) -ne 0 ]]; then
    echo "These system libraries are missing. Please install them, then run make again:" >&2
    echo "    apt-get install ${missing[*]}" >&2
    echo "(TWINSIGHT_SYSTEM_LIBRARIES=skip make ... goes on without them.)" >&2
    exit 1
fi
echo "Installing system libraries: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
if ! { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    echo "apt-get could not install them (above). Please install them by hand, then run make again." >&2
    exit 1
fi
rm -f "$log"
