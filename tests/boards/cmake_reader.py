"""Reads the CMake of the boards as CMake would: the few commands they use, and an error for any other."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

_COMMAND = re.compile(r"(\w+)\s*\(((?:\"(?:\\.|[^\"\\])*\"|\$\w*\{[^}]*\}|[^()\"])*)\)")
_ARGUMENT = re.compile(r'"((?:\\.|[^"\\])*)"|([^\s"]+)')


@dataclass
class Cmake:
    """Variables and written files after a file was read. `environ` is CMake's environment."""

    variables: dict[str, list[str]]
    environ: dict[str, str] = field(default_factory=dict)
    written: dict[str, str] = field(default_factory=dict)
    included: list[str] = field(default_factory=list)

    def read(self, path: Path) -> None:
        """Runs one file. Raises ValueError for a command that the boards do not need, or a FATAL_ERROR."""
        before = self.variables.get("CMAKE_CURRENT_LIST_DIR", [])
        text = re.sub(r"^\s*#.*$", "", path.read_text(), flags=re.MULTILINE)
        active = [True]
        for name, inside in _COMMAND.findall(text):
            self.variables["CMAKE_CURRENT_LIST_DIR"] = [str(path.parent)]
            arguments = [quoted or bare for quoted, bare in _ARGUMENT.findall(inside)]
            if name == "if":
                active.append(active[-1] and self._is_true(arguments))
            elif name == "endif":
                active.pop()
            elif active[-1]:
                self._run(path, name, [part for given in arguments for part in self._expand(given)])
        if len(active) != 1:
            raise ValueError(f"{path}: if and endif do not match")
        self.variables["CMAKE_CURRENT_LIST_DIR"] = before

    def _run(self, path: Path, name: str, arguments: list[str]) -> None:
        match name, arguments:
            case "set", [variable, *values]:
                self.variables[variable] = values
            case "list", ["APPEND", variable, *values]:
                self.variables[variable] = [*self.variables.get(variable, []), *values]
            case "file", ["WRITE", target, *parts]:
                self.written[target] = "".join(parts).replace("\\n", "\n").replace('\\"', '"')
            case "include", [target]:
                self.included.append(str(Path(target).resolve()))
                if Path(target).is_file():
                    self.read(Path(target))
            case "message", ["FATAL_ERROR", text]:
                raise ValueError(text)
            case _:
                raise ValueError(f"{path}: {name}({' '.join(arguments)}): not known here")

    def _is_true(self, condition: list[str]) -> bool:
        match condition:
            case ["NOT", "DEFINED", name] if name.startswith("ENV{"):
                return name[4:-1] not in self.environ
            case ["NOT", name]:
                return not self._is_true([name])
            case [name]:
                return self.variables.get(name, ["OFF"])[:1] not in ([], ["OFF"])
        raise ValueError(f"if({' '.join(condition)}): not known here")

    def _expand(self, argument: str) -> list[str]:
        whole = re.fullmatch(r"\$\{(\w+)\}", argument)
        if whole:
            return self._value(whole[1])
        argument = re.sub(r"\$ENV\{(\w+)\}", lambda match: self.environ[match[1]], argument)
        return [re.sub(r"\$\{(\w+)\}", lambda match: ";".join(self._value(match[1])), argument)]

    def _value(self, name: str) -> list[str]:
        if name not in self.variables:
            raise ValueError(f"${{{name}}} is not set")
        return self.variables[name]
