"""The REPL, which people and programs share with the camera: the module _repl (firmware/native/repl.c).

A board with a MicroPython of its own (`camcors install`) has no such module, and cannot know whether a
program has the REPL. There only what is said before boot.py ends is printed; `camcors logs` shows the rest.
"""

try:
    from _repl import before_soft_reset, echo, say

    is_known = True
except ImportError:
    is_known = False  #: Whether it is known if a program has the REPL.
    _is_booting = True

    def before_soft_reset(callback):
        """Forget `callback`: there is no hook, and a soft reset cuts the server off."""

    def echo(line):
        """There is no console but the REPL."""

    def say(line):
        """Print `line` (bytes or memoryview) if it is time to; return whether it was."""
        if _is_booting:
            print(str(line, "utf-8"))
        return _is_booting


def has_booted():
    """From now on, programs may have the REPL."""
    global _is_booting
    _is_booting = False
