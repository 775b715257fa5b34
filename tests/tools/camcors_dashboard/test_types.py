"""The pages' scripts: their types hold, and say what the camera sends; both pages have the same tables."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.kit.camera import TOP, Camera
from tests.kit.tsc import check

DASHBOARD = TOP / "tools" / "camcors_dashboard"
API = TOP / "firmware" / "pages" / "api.js"


def faults(tmp_path: Path, kind: str, value: Any) -> list[str]:
    """What is wrong with `value` as a literal, of which a field too many is a fault as well."""
    file = tmp_path / "answer.ts"
    file.write_text(
        f'import type {{ {kind} }} from "{API}";\nexport const value: {kind} = {json.dumps(value)};\n'
    )
    project = {"extends": str(DASHBOARD / "tsconfig.json"), "include": [str(file)]}
    (tmp_path / "tsconfig.json").write_text(json.dumps(project))
    return check("-p", tmp_path)


@pytest.fixture(scope="module")
def answers(camera: Camera) -> dict[str, Any]:
    paths = {"Status": "/api/status", "Settings": "/api/camera"}
    return {kind: httpx.get(camera.url + path).json() for kind, path in paths.items()}


@pytest.mark.parametrize("kind", ["Status", "Settings"])
def test_what_the_camera_sends_is_what_the_type_says(tmp_path: Path, answers: dict[str, Any], kind: str):
    assert faults(tmp_path, kind, answers[kind]) == []


def test_a_field_that_is_missing_or_unknown_is_a_fault(tmp_path: Path, answers: dict[str, Any]):
    status = {**answers["Status"], "nickname": "x"}
    (found,) = faults(tmp_path, "Status", status)
    assert "may only specify known properties, and '\"nickname\"' does not exist" in found
    del status["nickname"], status["clients"]["evicted"]
    assert "Property 'evicted' is missing" in "".join(faults(tmp_path, "Status", status))


def test_the_scripts_are_checked():
    assert check("-p", DASHBOARD) == []


@pytest.mark.parametrize("table", ["NAMES", "LAMP"])
def test_both_pages_have_the_same_table(table: str):
    scripts = TOP / "firmware" / "pages" / "page.js", DASHBOARD / "js" / "settings.js"
    own, other = (re.findall(rf"^const {table} = [^;]+;", path.read_text(), re.MULTILINE) for path in scripts)
    assert own == other
    assert len(own) == 1


@pytest.mark.parametrize("path", sorted(DASHBOARD.rglob("*.js")), ids=str)
def test_no_any_hides_a_mistake(path: Path):
    """In JSDoc `any` and @ts-ignore switch the checker off."""
    comments = [line for line in path.read_text().splitlines() if "@" in line or "/**" in line]
    assert [line for line in comments if "{any" in line or "any}" in line or "any>" in line] == []
    assert "@ts-" not in path.read_text()
