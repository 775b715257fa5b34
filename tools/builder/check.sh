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
[ "${1-}" != test ] || command -v tmux >/dev/null || missing "tmux, in which the tests use an editor," tmux
