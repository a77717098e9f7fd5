#!/usr/bin/env bash
# Makes sure that there is a Chromium for the tests in a browser: one that is here, or
# the package of Debian and its relatives.  Where neither is possible, says so and fails.
set -euo pipefail

for name in chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null; then exit 0; fi
done

missing() {
    echo "The tests in a browser need Chromium: install the package chromium (as root: apt-get install chromium)." >&2
    exit 1
}

command -v apt-get >/dev/null || missing
as_root=()
if [ "$(id -u)" != 0 ]; then
    sudo -n true 2>/dev/null || missing
    as_root=(sudo -n)
fi

echo "Installing Chromium for the tests in a browser" >&2
install=(env DEBIAN_FRONTEND=noninteractive apt-get --quiet=2 -o Dpkg::Use-Pty=0)
"${as_root[@]}" "${install[@]}" update >&2 || missing
"${as_root[@]}" "${install[@]}" install --yes --no-install-recommends chromium >&2 || missing
command -v chromium >/dev/null || missing
