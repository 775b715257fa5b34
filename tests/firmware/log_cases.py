"""The log in a play with a REPL that a program has now and then.

As a script: log_cases.py NAME prints the case's outcome as one line of JSON. Runs on CPython and MicroPython.
"""

import _thread
import gc
import json
import sys
import time

from camcors import log as module
from camcors.log import Log, Ring


class Repl:
    """is_raw: whether a program has it. printed, console: what a person has seen of it, and beside it."""

    is_known = True

    def __init__(self, is_raw=False):
        self.is_raw = is_raw
        self.printed = []
        self.console = []
        module.repl = self

    def echo(self, line):
        self.console.append(str(line, "utf-8"))

    def say(self, line):
        if not self.is_raw:
            self.printed.append(str(line, "utf-8"))
        return not self.is_raw


def texts(log):
    """What the ring has, without the seconds."""
    return [line.split(" ", 1)[1] for line in log.read(0, 100000)[1].decode().split("\n")[:-1]]


def printed_at_once():
    repl, log = Repl(), Log(4096)
    log.say("a")
    log.say("b\nü")
    return [repl.printed, repl.console, texts(log)]


def waits_for_the_program():
    repl, log = Repl(is_raw=True), Log(4096)
    log.say("a")
    log.say("b")
    log.flush()
    before = list(repl.printed)
    repl.is_raw = False
    log.say("c")
    log.flush()
    return [before, repl.printed, repl.console, texts(log)]


def printed_by_the_next_look():
    repl, log = Repl(is_raw=True), Log(4096)
    log.say("a")
    repl.is_raw = False
    log.flush()
    log.flush()
    return repl.printed


def too_much_while_it_waits():
    """Sixty lines of 10 bytes where 10 have room: the last ones are printed, each once."""
    repl, log = Repl(is_raw=True), Log(100)
    for number in range(10, 70):
        log.say("line {}".format(number))
    repl.is_raw = False
    log.flush()
    return [repl.printed, len(repl.console), texts(log)]


def a_long_line_is_cut():
    repl, log = Repl(), Log(4096)
    log.say("x" * 1000)
    return repl.printed == ["x" * 400 + "..."]


def a_traceback():
    repl, log = Repl(), Log(4096)
    try:
        raise ValueError("boom")
    except ValueError as error:
        log.say_exception(error)
    return [repl.printed[0], repl.printed[-1], texts(log)[-1]]


def a_secret_is_kept_nowhere():
    repl, log = Repl(is_raw=True), module.log
    first = module.print_secret("the password is x")
    repl.is_raw = False
    second = module.print_secret("the password is x")
    return [first, second, repl.printed, texts(log)]


def a_secret_where_nothing_is_known():
    """Printed all the same."""
    Repl().is_known = False
    return module.print_secret("the password is x")


def parts():
    """Read in parts, from a place that is gone, and from one that is another run's."""
    Repl()
    log = Log(40)
    for number in range(10, 20):
        log.say("line {}".format(number))
    found = []
    for position in (0, 60, 65, 95, 100, 101, 5000):
        position, data = log.read(position, 12)
        found.append([position, data.decode()])
    return found


def ring_against_a_list():
    """After each of many lines: the ring is the longest tail of whole lines that has room."""
    state = 1
    for size in (20, 21, 64, 100):
        ring, lines = Ring(size), []
        for _ in range(300):
            state = state * 1103515245 + 12345 & 0x7FFFFFFF
            lines.append(b"x" * ((state >> 16) % 19) + b"\n")
            ring.add(lines[-1])
            kept = []
            for line in reversed(lines):
                if sum(map(len, kept)) + len(line) > size:
                    break
                kept.insert(0, line)
            position, data = ring.read(0, size)
            if data != b"".join(kept) or position != ring.start or ring.end != sum(map(len, lines)):
                return [size, len(lines)]
    return "same"


def threads():
    """Two of them: each line whole, each thread's in its order, all printed once."""
    repl, log = Repl(), Log(100000)
    done = []

    def speak(name):
        for number in range(200):
            log.say("{} {}".format(name, number))
        done.append(name)

    _thread.start_new_thread(speak, ("a",))
    speak("b")
    while len(done) < 2:
        time.sleep(0.01)
    log.flush()
    kept = texts(log)
    orders = [[line for line in kept if line[0] == name] for name in "ab"]
    return [
        orders == [["{} {}".format(name, number) for number in range(200)] for name in "ab"],
        repl.printed == kept,
    ]


def a_look_costs_nothing():
    """Bytes that a flush allocates while nothing waits, and while all does; None on CPython."""
    repl, log = Repl(), Log(4096)
    log.flush()
    if not hasattr(gc, "mem_alloc"):
        return None
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    log.flush()
    quiet = gc.mem_alloc() - before
    gc.enable()
    repl.is_raw = True
    log.say("a")
    gc.disable()
    before = gc.mem_alloc()
    log.flush()
    waiting = gc.mem_alloc() - before
    gc.enable()
    return [quiet, waiting <= 256]


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[1]]()))
