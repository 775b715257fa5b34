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

has_browser() {
    command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null
}
if ! has_browser && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "camcors: installing chromium, in which the tests open the dashboard" >&2
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends chromium; } >&2
fi
has_browser || missing "chromium, in which the tests open the dashboard," chromium
