"""Plays cases of cases.py on CPython, each in a process of its own that finds all modules imported.

forked.py NAME … prints one object in JSON: of each case the exit status and what it printed.
"""

from __future__ import annotations

import json
import os
import sys
import traceback

import cases  # type: ignore[import-not-found]  # beside it


def play(name: str) -> tuple[int, str]:
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(theirs, 1)
        os.dup2(theirs, 2)
        try:
            cases.play(name)
            sys.stdout.flush()
            os._exit(0)
        finally:
            traceback.print_exc()
            os._exit(1)
    os.close(theirs)
    with open(ours) as pipe:
        printed = pipe.read()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), printed


if __name__ == "__main__":
    print(json.dumps({name: play(name) for name in sys.argv[1:]}))
