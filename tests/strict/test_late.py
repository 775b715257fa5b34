"""Modules that are there only while they are used."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from cors import Policy, PolicyError
from strict import late
from tests.kit.camera import PROGRAM, TOP, Camera
from tests.kit.pages import wait_until

NAMES: tuple[str, ...] = late._NAMES  # type: ignore[attr-defined]
#: What is there no longer than they are: forgotten after the start, or on a camera that is set up.
PASSING = {"camcors.settings_file", "settings.document", "camcors_esp32.setup_page"}


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """Other tests of this process know the modules that they have imported."""
    before = {name: sys.modules[name] for name in NAMES if name in sys.modules}
    yield
    for name, module in before.items():
        sys.modules[name] = module
        package, _, attribute = name.rpartition(".")
        if package:
            setattr(sys.modules[package], attribute, module)


def imports(path: Path, package: str) -> Iterator[str]:
    """The modules that one imports as it is loaded."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            name = ".".join([*base, *([node.module] if node.module else [])])
            yield name
            yield from (f"{name}.{each.name}" for each in node.names)


def modules() -> Iterator[tuple[str, Path, str]]:
    """(name, path, package) of each that runs on a board."""
    for root in (TOP / "src", TOP / "firmware"):
        for path in sorted(root.rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            package = ".".join(parts[:-1])
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path, package


@pytest.mark.parametrize(("name", "path", "package"), [*modules()])
def test_what_stays_imports_none_of_them(name: str, path: Path, package: str) -> None:
    found = set(imports(path, package)) & set(NAMES)
    assert not found or name in NAMES or name in PASSING


def test_each_is_a_module() -> None:
    generated = {"camcors_pages"}
    assert set(NAMES) <= {name for name, _, _ in modules()} | generated


def test_a_module_is_loaded_once_and_forgotten() -> None:
    first = late.load("strict.json")
    assert late.load("strict.json") is first is sys.modules["strict.json"]
    late.unload()
    assert not set(NAMES) & set(sys.modules)
    assert not hasattr(sys.modules["strict"], "json")
    second = late.load("strict.json")
    assert second is not first
    assert first.read(b"[1]") == second.read(b"[1]") == ([1], [])


def test_what_was_asked_for_since_the_last_time_stays() -> None:
    late.unload()
    late.load("strict.json")
    late.tidy()
    assert "strict.json" in sys.modules
    late.load("strict.reasons")
    late.tidy()
    assert set(NAMES) & set(sys.modules) == {"strict.reasons"}
    late.tidy()
    assert not set(NAMES) & set(sys.modules)


def test_nothing_is_forgotten_while_one_is_loaded() -> None:
    late.load("strict.reasons")
    with late._lock:  # type: ignore[attr-defined]
        late.unload()
    assert "strict.reasons" in sys.modules


def test_a_policy_is_read_after_it() -> None:
    """Its errors are caught as those of the modules before."""
    late.unload()
    with pytest.raises(PolicyError, match="not one of the choices"):
        Policy(resource_policy="none")  # type: ignore[arg-type]
    assert Policy.from_json('{"version": 1}').digest == Policy().digest


FULL = """
import sys
sys.path[:] = [sys.argv[1], ".frozen"]
from strict import late
late._NAMES = ("half.whole",)
try:
    late.load("half.whole")
except MemoryError:
    print("half.whole" in sys.modules)
open(sys.argv[1] + "/half/whole.py", "w").write("end = 2")
print(late.load("half.whole").end)
"""


def test_half_a_module_is_not_kept(tmp_path: Path) -> None:
    """The interpreter forgets what has come of one when memory ends."""
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "__init__.py").touch()
    (tmp_path / "half" / "whole.py").write_text("begin = 1\nraise MemoryError\n")
    (tmp_path / "full.py").write_text(FULL)
    done = subprocess.run([PROGRAM, tmp_path / "full.py", tmp_path], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("False\n2\n", "")


def test_a_camera_has_none_when_it_has_read(camera: Camera) -> None:
    camera.put("policy.json", '{"version": 1, "allowed_origins": ["https://late.example"]}')
    wait_until(lambda: camera.status()["policy"]["state"] == "active")
    loaded = f"import sys\nprint([n for n in {NAMES} if n in sys.modules])"
    wait_until(lambda: camera.exec(loaded) == "[]\n")


COUNTED = """
from strict import late
loaded, load = [], late.load
late.load = lambda name: (loaded.append(name), load(name))[1]
"""


def test_who_looks_has_none_loaded(new_camera: Camera) -> None:
    """They would be loaded again and again, each for some milliseconds and a piece of the heap."""
    with httpx.Client(base_url=new_camera.url) as client:
        client.get("/api/status")  # the guard reads what the policy says
        new_camera.exec(COUNTED)
        for path in ("/api/status", "/api/camera", "/api/capture", "/api/status"):
            assert client.get(path).status_code == 200
        with client.stream("GET", "/api/stream") as stream:
            assert next(stream.iter_raw())
    assert new_camera.exec("print(loaded)") == "[]\n"
    assert httpx.get(new_camera.url).status_code == 200
    assert new_camera.exec("print(loaded)") == "['camcors.page']\n"
