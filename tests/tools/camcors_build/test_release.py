"""What the workflow makes of each board, and what a release holds, read from its YAML and its scripts run."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

from camcors_build import boards
from camcors_build.boards import BOARDS, TOP
from ruamel.yaml import YAML

WORKFLOW: dict[str, Any] = YAML(typ="safe").load(TOP / ".github" / "workflows" / "firmware.yml")
JOBS: dict[str, Any] = WORKFLOW["jobs"]
FOLDERS = sorted(path.parent.name for path in BOARDS.glob("*/mpconfigboard.cmake"))
UPLOAD = {"if-no-files-found": "error"}


def step(job: str, action: str) -> dict[str, Any]:
    """The one step of a job that runs an action, or a script that begins so."""
    (found,) = (
        each
        for each in JOBS[job]["steps"]
        if each.get("uses", "").startswith(f"{action}@") or each.get("run", "").startswith(action)
    )
    return found


def run(script: str, folder: Path, **environment: str) -> None:
    """As the runner does: https://docs.github.com/actions, steps.shell."""
    command = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script]
    subprocess.run(command, cwd=folder, env={"PATH": os.environ["PATH"], **environment}, check=True)


def test_the_jobs_follow_one_another() -> None:
    needs = {name: job.get("needs") for name, job in JOBS.items()}
    assert needs == {"boards": None, "build": "boards", "attest": "build", "release": "attest"}
    tagged = "github.event_name == 'push' && github.ref_type == 'tag'"
    assert {name: job.get("if") for name, job in JOBS.items()} == {
        "boards": None,
        "build": None,
        "attest": tagged,
        "release": None,  # skipped with the job that it needs
    }


def test_each_job_may_do_what_it_does_and_no_more() -> None:
    assert WORKFLOW["permissions"] == {}
    assert {name: job["permissions"] for name, job in JOBS.items()} == {
        "boards": {"contents": "read"},
        "build": {"contents": "read"},
        "attest": {"id-token": "write", "attestations": "write"},
        "release": {"contents": "write"},
    }


def test_the_matrix_is_the_folders_of_boards(tmp_path: Path) -> None:
    listing = step("boards", "echo")
    run(listing["run"], TOP, GITHUB_OUTPUT=str(tmp_path / "output"))
    name, _, value = (tmp_path / "output").read_text().partition("=")
    assert (name, json.loads(value)) == ("boards", FOLDERS)
    assert JOBS["boards"]["outputs"] == {"boards": f"${{{{ steps.{listing['id']}.outputs.boards }}}}"}
    assert JOBS["build"]["strategy"]["matrix"] == {"board": "${{ fromJSON(needs.boards.outputs.boards) }}"}
    assert JOBS["build"]["env"] == {"BOARD": "${{ matrix.board }}"}
    assert step("build", "make firmware")["run"] == 'make firmware BOARD="$BOARD"'


def test_each_build_keeps_what_a_release_has_of_its_board() -> None:
    assert step("build", "actions/upload-artifact")["with"] == {
        "name": "${{ matrix.board }}",
        "path": "build/${{ matrix.board }}/release",
        **UPLOAD,
    }
    assert step("boards", "actions/upload-artifact")["with"] == {
        "name": "notices",
        "path": "LICENSE\nTHIRD_PARTY.md\n",
        **UPLOAD,
    }


def made(folder: Path) -> set[str]:
    """Make stand-ins for all artifacts, merged as the download does it. Return what a person may have."""
    names = {"LICENSE", "THIRD_PARTY.md"}
    for board in FOLDERS:
        names |= {
            f"{board}.bin",
            f"{board}-application.bin",
            f"{board}-application.elf",
            f"{board}-sizes.txt",
        }
    for name in names:
        (folder / name).write_text(name)
    return {name for name in names if not name.startswith("QEMU_ESP32")}


def test_a_release_has_checksums_and_provenance_of_all_of_it(tmp_path: Path) -> None:
    folder = tmp_path / "release"
    folder.mkdir()
    expected = made(folder)
    assert step("attest", "actions/download-artifact")["with"] == {"path": "release", "merge-multiple": True}
    summing = step("attest", "rm")
    run(summing["run"], tmp_path / summing["working-directory"])
    assert {path.name for path in folder.iterdir()} == {*expected, "SHA256SUMS"}
    sums = dict(reversed(line.split("  ")) for line in (folder / "SHA256SUMS").read_text().splitlines())
    assert sums == {name: hashlib.sha256(name.encode()).hexdigest() for name in expected}
    attesting = step("attest", "actions/attest")
    assert attesting["with"] == {"subject-path": "release/*"}
    copying = step("attest", "cp")
    assert copying["env"] == {"BUNDLE": f"${{{{ steps.{attesting['id']}.outputs.bundle-path }}}}"}
    (tmp_path / "bundle").write_text("signed")
    run(copying["run"], tmp_path, BUNDLE=str(tmp_path / "bundle"))
    assert (folder / "provenance.sigstore.json").read_text() == "signed"
    order = [JOBS["attest"]["steps"].index(each) for each in (summing, attesting, copying)]
    keeping = step("attest", "actions/upload-artifact")
    assert order == sorted(order) and JOBS["attest"]["steps"][-1] is keeping
    assert keeping["with"] == {"name": "release", "path": "release", **UPLOAD}


def test_what_was_attested_is_what_is_released() -> None:
    assert step("release", "actions/download-artifact")["with"] == {"name": "release", "path": "release"}
    command = step("release", "gh release create")["run"]
    assert command.endswith(" --verify-tag --generate-notes release/*")
    assert [each for each in JOBS["release"]["steps"] if "checkout" in each.get("uses", "")] == []


def test_the_emulator_is_a_board_of_the_build_only() -> None:
    assert "QEMU_ESP32" in FOLDERS
    assert [board.id for board in boards.every()] == FOLDERS


def test_the_page_names_the_workflow_that_signs() -> None:
    (named,) = re.findall(r"--signer-workflow OWNER/REPOSITORY/(\S+)", boards.PAGE.read_text())
    assert named == ".github/workflows/firmware.yml"
    assert (TOP / named).is_file()
