#!/usr/bin/env bash
# Makes sure of the programs that the tests run beside Python: Chromium, for the pages, and
# Kannel, for SMPP.  They are here already, or packages of Debian and its relatives.  Where
# neither is possible, says so and fails; the tests that need them are then skipped or fail.
#
#   tests/install_packages.sh [chromium] [kannel]     both, if none is named
set -euo pipefail

tries=3

is_here() {
    case $1 in
        chromium*) command -v chromium-headless-shell || command -v chromium ||
            command -v chromium-browser || command -v google-chrome ;;
        kannel) command -v bearerbox && command -v smsbox ;;
    esac >/dev/null
}

packages=()
for name in "${@:-chromium kannel}"; do
    for each in $name; do
        is_here "$each" || packages+=("$each")
    done
done
if [ ${#packages[@]} = 0 ]; then exit 0; fi

missing() {
    echo "Some tests need packages that are not here (as root: apt-get install ${packages[*]})." >&2
    exit 1
}

# The Chromium that shows nothing takes half of the processor time, where Debian has it.
without_windows() {
    for n in "${!packages[@]}"; do
        if [ "${packages[n]}" = chromium ] && apt-cache show chromium-headless-shell >/dev/null 2>&1; then
            packages[n]=chromium-headless-shell
        fi
    done
}

command -v apt-get >/dev/null || missing
as_root=()
if [ "$(id -u)" != 0 ]; then
    sudo -n true 2>/dev/null || missing
    as_root=(sudo -n)
fi

echo "Installing for the tests: ${packages[*]}" >&2
apt=(env DEBIAN_FRONTEND=noninteractive apt-get --quiet=2 -o Dpkg::Use-Pty=0 -o Acquire::Retries=3)
for try in $(seq "$tries"); do
    "${as_root[@]}" "${apt[@]}" update >&2 &&
        without_windows &&
        "${as_root[@]}" "${apt[@]}" install --yes --no-install-recommends "${packages[@]}" >&2 &&
        break
    echo "Try $try of $tries did not work" >&2
    sleep 5
done
# Debian starts a Kannel of its own, with a configuration for WAP and a known password.
if [[ " ${packages[*]} " == *" kannel "* && -x /etc/init.d/kannel ]]; then
    "${as_root[@]}" service kannel stop >&2 || true
    "${as_root[@]}" update-rc.d kannel disable >&2 || true
fi
for each in "${packages[@]}"; do
    is_here "$each" || missing
done
