"""Each module of the device has its types beside it.

mypy.stubtest in `make lint` compares names and arguments with the code (tests/kit/stubs.py). It does not see
the attributes of an object; they are compared here.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TypeGuard

import pytest

TOP = Path(__file__).parents[2]

#: They have no names that anything imports: they run at power-on, or pass on a name of another module.
WITHOUT_STUB = {
    "firmware/_boot.py",
    "firmware/boot.py",
    "firmware/camcors_host/life.py",
    "firmware/camcors_host/power_on.py",
    "firmware/microdot/cors.py",
}
TYPES_ONLY = {"firmware/camcors/drivers.pyi"}

#: Set by the names in a table; one of two classes, by the interpreter.
NOT_COMPARED = {"CORS", "Limits", "Policy", "Transport"}


def _found(ending: str) -> set[str]:
    folders = (TOP / "src", TOP / "firmware")
    return {str(path.relative_to(TOP)) for folder in folders for path in folder.rglob(f"*{ending}")}


def test_each_module_has_a_stub() -> None:
    modules, stubs = _found(".py"), _found(".pyi")
    assert {name for name in modules if name + "i" not in stubs} == WITHOUT_STUB


def test_each_stub_has_a_module() -> None:
    modules, stubs = _found(".py"), _found(".pyi")
    assert {name for name in stubs if name[:-1] not in modules} == TYPES_ONLY


def _attributes(path: Path) -> set[str]:
    """Return CLASS.NAME of what the public classes set in their bodies and in `self`, or a stub declares."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ClassDef) and node.name not in NOT_COMPARED:
            own = {name.id for line in node.body for name in _targets(line) if isinstance(name, ast.Name)}
            names = own | {part.attr for part in ast.walk(node) if _is_of_self(part)}
            found |= {f"{node.name}.{name}" for name in names if "_" not in (node.name[0], name[0])}
    return found


def _targets(line: ast.stmt) -> list[ast.expr]:
    if isinstance(line, ast.Assign):
        return line.targets
    return [line.target] if isinstance(line, ast.AnnAssign) else []


def _is_of_self(node: ast.AST) -> TypeGuard[ast.Attribute]:
    return (
        isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
    )


def _properties(path: Path) -> set[str]:
    """Return CLASS.NAME of the methods with a decorator."""
    return {
        f"{node.name}.{line.name}"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef)
        for line in node.body
        if isinstance(line, ast.FunctionDef) and line.decorator_list
    }


@pytest.mark.parametrize("stub", sorted(_found(".pyi") - TYPES_ONLY))
def test_the_attributes_in_a_stub_are_those_of_the_code(stub: str) -> None:
    path = TOP / stub
    assert _attributes(path) == _attributes(path.with_suffix(".py")) - _properties(path)
