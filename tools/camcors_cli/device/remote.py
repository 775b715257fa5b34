"""The camera's module camcors.remote: its version, and its text for a board that has no firmware."""

from __future__ import annotations

import ast
import functools

from ..tree import ROOT

_SOURCE = ROOT / "firmware" / "camcors" / "remote.py"

# The text is run in a namespace of its own: the REPL's is the person's.
_SEND = """
_names = {{}}
exec({!r}, _names)
class _remote: pass
for _name in _names: setattr(_remote, _name, _names[_name])
del _names, _name
"""


@functools.cache
def version() -> int:
    """Return the version that this command knows."""
    for node in ast.parse(_SOURCE.read_text()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "VERSION":
            return int(ast.literal_eval(node.value))
    raise AssertionError(f"{_SOURCE} has no VERSION")


@functools.cache
def statements() -> str:
    """Statements that give the board `_remote`, without comments and docstrings: its heap is small."""
    module = ast.parse(_SOURCE.read_text())
    for node in ast.walk(module):
        if (
            isinstance(node, (ast.Module, ast.FunctionDef))
            and ast.get_docstring(node, clean=False) is not None
        ):
            del node.body[0]
    return _SEND.format(ast.unparse(module))


def call(function: str, arguments: tuple[object, ...]) -> str:
    """Return the expression that calls a function of `_remote` there."""
    return f"_remote.{function}({', '.join(map(repr, arguments))})"
