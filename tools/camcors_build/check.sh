#!/bin/sh
# What must be on the machine before anything else, with "test" for the tests: one line for the first
# thing that is missing.
missing() {
    echo "camcors: $1 is missing; install it with: sudo apt install $2" >&2
    exit 1
}

command -v git >/dev/null || missing git git
command -v gcc >/dev/null || missing gcc gcc
echo '#include <stdio.h>' | gcc -E - >/dev/null 2>&1 || missing "the C library's headers" libc6-dev
command -v python3 >/dev/null || missing python3 python3
python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' || missing "Python 3.10 or later" python3
python3 -c 'import ensurepip, venv' 2>/dev/null || missing "Python's venv module" python3-venv
[ "${1-}" = test ] || exit 0
command -v tmux >/dev/null || missing "tmux, in which the tests use an editor," tmux

# A browser is there by any of its names; root gets it from Debian by the first.
browser() {
    package=$1 for=$2
    shift 2
    has_any "$package" "$@" && return
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "camcors: installing $package, in which the tests $for" >&2
        { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends "$package"; } >&2
    fi
    has_any "$package" "$@" || missing "$package, in which the tests $for," "$package"
}
has_any() {
    for name in "$@"; do
        command -v "$name" >/dev/null && return
    done
    return 1
}
browser chromium "open the dashboard" chromium-browser google-chrome
browser firefox-esr "frame the camera" firefox
