"""`camcors policy check`: each fault with its line, without a camera."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from camcors_cli.commands.policy import policy
from camcors_cli.policy import document
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from cors import Policy, PolicyError
from strict import reasons

DASHBOARD = b'{"version": 1, "allowed_origins": ["https://dash.example.com"]}\n'


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def check(content: bytes, *options: str) -> Result:
    Path("p.json").write_bytes(content)
    return CliRunner().invoke(policy, ["check", "p.json", *options], catch_exceptions=False)


VALID = [
    ("the least", b'{"version": 1}'),
    ("indented with tabs", b'{\n\t"version":\t1\n}\n'),
    ("lines that end with CR LF", b'{\r\n "version": 1\r\n}\r\n'),
    ("$schema", b'{"$schema": "policy.schema.json", "version": 1}'),
    ("8192 bytes", DASHBOARD.ljust(8192)),
]


@pytest.mark.parametrize("content", [row[1] for row in VALID], ids=[row[0] for row in VALID])
def test_a_valid_file(content: bytes) -> None:
    done = check(content)
    digest = Policy.from_json(content).digest
    said = f"p.json is a valid policy, digest {digest}\n"
    assert (done.stdout, done.stderr, done.exit_code) == (said, "", 0)


INVALID = [
    (
        "the third item of a list over several lines",
        b'{\n "version": 1,\n "allowed_origins": [\n  "https://a.example",\n\n  "https://b.example",\n'
        b'  "https://C.example/"\n ]\n}\n',
        [
            '7: allowed_origins[2]: "https://C.example/": upper case, trailing slash; write "https://c.example"'
        ],
    ),
    (
        "a value on the line below its key",
        b'{\n "version": 1,\n "max_age":\n  "x"\n}\n',
        ['3: max_age: "x": wrong type; write a whole number from 0 to 86400, or null'],
    ),
    (
        "unknown keys, one like a known one",
        b'{\n "version": 1,\n "alowed_origins": [],\n "zzzzzz": {\n  "max_age": 1}\n}\n',
        [
            '3: alowed_origins: []: unknown key; write "allowed_origins"',
            "4: zzzzzz: {...}: unknown key; remove it",
        ],
    ),
    (
        "no version",
        b'{\n "max_age": 5\n}\n',
        ['1: version: null: missing; write "version": 1'],
    ),
    (
        "a key given twice",
        b'{\n "version": 1,\n "max_age": 5,\n "max_age": 6\n}\n',
        ['4: line 4, column 2: "max_age": key given twice; keep one of the two'],
    ),
    (
        "a syntax error",
        b'{\n "version": 1\n "max_age": 5\n}\n',
        ['3: line 3, column 2: "\\"": not JSON; write a comma or "}" before it'],
    ),
    (
        "not UTF-8",
        b'{\n "version": 1,\n "max_age": "\xff"\n}\n',
        ["3: line 3, column 14: 255: not UTF-8; save the file as UTF-8"],
    ),
    (
        "a fault behind a byte order mark",
        b'\xef\xbb\xbf{"version": 1,\n"max_age": -1}',
        ["2: max_age: -1: out of range; write a whole number from 0 to 86400, or null"],
    ),
    ("empty", b"", ["1: line 1, column 1: null: not JSON; write the missing value"]),
    ("too large", b"\n" * 8193, ["1: file: 8193: file too large; write at most 8192 bytes"]),
    (
        "nested without end",
        b"\n" + b"[" * 5000,
        ['2: line 2, column 9: "[": nested too deeply; write an object of plain values and lists'],
    ),
    ("a list", b"[\n1]", ['1: file: [1]: wrong type; write one object, as in {"version": 1}']),
    (
        "CR LF",
        b'{\r\n "version": 1,\r\n "max_age": -1\r\n}\r\n',
        ["3: max_age: -1: out of range; write a whole number from 0 to 86400, or null"],
    ),
    (
        "tabs",
        b'{\n\t"version": 1,\n\t"max_age":\t86401\n}\n',
        ["3: max_age: 86401: out of range; write a whole number from 0 to 86400, or null"],
    ),
    (
        "keys that a pointer would escape, and one that looks like a place",
        b'{\n "a~b": 1,\n "c/d": 2,\n "e[0]": 3,\n "~1": {"x": [1,\n 2]},\n "": 4,\n "line 9, column 2": 5,\n'
        b' "version": 1\n}\n',
        [
            "2: a~b: 1: unknown key; remove it",
            "3: c/d: 2: unknown key; remove it",
            "4: e[0]: 3: unknown key; remove it",
            "5: ~1: {...}: unknown key; remove it",
            "7: : 4: unknown key; remove it",
            "9: line 9, column 2: 5: unknown key; remove it",
        ],
    ),
    (
        "a key that would steer a terminal",
        b'{"version": 1,\n "\\u001b[31m\\n": 1}',
        ["2: \\u001b[31m\\u000a: 1: unknown key; remove it"],
    ),
    (
        "several, in the order of the file",
        b'{\n "max_age": "x",\n "allowed_origins": [\n "https://a.example", 5,\n [\n1], {"a":\n2}],\n'
        b' "allow_credentials": 1,\n "version": 2,\n "zzzzzz": 1}\n',
        [
            '2: max_age: "x": wrong type; write a whole number from 0 to 86400, or null',
            "4: allowed_origins[1]: 5: wrong type; write a string",
            "5: allowed_origins[2]: [1]: wrong type; write a string",
            "6: allowed_origins[3]: {...}: wrong type; write a string",
            "8: allow_credentials: 1: wrong type; write true or false",
            "9: version: 2: out of range; write 1",
            "10: zzzzzz: 1: unknown key; remove it",
        ],
    ),
]


@pytest.mark.parametrize(("content", "faults"), [row[1:] for row in INVALID], ids=[row[0] for row in INVALID])
def test_an_invalid_file(content: bytes, faults: list[str]) -> None:
    done = check(content)
    plural = "s" if len(faults) > 1 else ""
    heading = f"camcors: p.json is not a valid policy ({len(faults)} fault{plural})"
    said = "\n".join([heading, *(f"p.json:{each}" for each in faults)]) + "\n"
    assert (done.stdout, done.stderr, done.exit_code) == ("", said, 1)


WARNED = [
    (
        b'["null"]',
        '"null": any sandboxed page can have this origin; '
        "serve the page over http or https and write its origin",
    ),
    (
        b'["https://*.synology.me"]',
        '"https://*.synology.me": wildcard on a public suffix; write the names of your own hosts',
    ),
]


@pytest.mark.parametrize(("origins", "warning"), WARNED)
def test_a_warning(origins: bytes, warning: str) -> None:
    content = b'{"version": 1, "allowed_origins": ' + origins + b"}"
    done = check(content)
    said = f"p.json is a valid policy, digest {Policy.from_json(content).digest}\n"
    warned = f"camcors: warning: allowed_origins[0]: {warning}\n"
    assert (done.stdout, done.stderr, done.exit_code) == (said, warned, 0)


# By publicsuffix.org; none of these is in the camera's short list.
SUFFIXES = ["s3.dualstack.eu-west-1.amazonaws.com", "dyndns.org", "kawasaki.jp", "synology.me", "gov.pl"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_public_suffix_is_known(suffix: str) -> None:
    text = '{"version": 1, "allow_credentials": %s, "allowed_origins": ["https://*.%s"]}'
    assert Policy.from_json(text % ("true", suffix)).allow_credentials
    with pytest.raises(PolicyError) as caught:
        document.parse(text % ("true", suffix))
    assert [each.reason for each in caught.value.faults] == [reasons.PUBLIC_SUFFIX]
    assert [each.reason for each in document.parse(text % ("false", suffix)).warnings] == [
        reasons.PUBLIC_SUFFIX
    ]


@pytest.mark.parametrize("domain", ["example.com", "city.kawasaki.jp", "me.synology.me", "www.ck", "local"])
def test_what_is_no_public_suffix(domain: str) -> None:
    text = f'{{"version": 1, "allow_credentials": true, "allowed_origins": ["https://*.{domain}"]}}'
    assert document.parse(text).warnings == ()


def test_json_of_a_valid_file() -> None:
    content = b'{"version": 1, "allowed_origins": ["null"]}'
    done = check(content, "--json")
    warning = {
        "field": "allowed_origins[0]",
        "value": "null",
        "reason": reasons.NULL_ORIGIN,
        "remedy": "serve the page over http or https and write its origin",
    }
    digest = Policy.from_json(content).digest
    assert json.loads(done.stdout) == {"digest": digest, "faults": [], "warnings": [warning]}
    assert done.exit_code == 0


def test_json_of_an_invalid_file() -> None:
    done = check(b'{"version": 1,\n "allowed_origins": [\n "https://A.example/"]}', "--json")
    place = {"line": 3, "field": "allowed_origins[0]", "value": "https://A.example/"}
    words = 'p.json:3: allowed_origins[0]: "https://A.example/": upper case, trailing slash; '
    words += 'write "https://a.example"'
    remedy = 'write "https://a.example"'
    assert json.loads(done.stdout) == {
        "error": f"p.json is not a valid policy (1 fault)\n{words}",
        "remedy": "",
        "faults": [
            {**place, "reason": reasons.UPPER_CASE, "remedy": remedy},
            {**place, "reason": reasons.TRAILING_SLASH, "remedy": remedy},
        ],
    }
    assert done.exit_code == 1


@pytest.mark.parametrize(("content", "status"), [(DASHBOARD, 0), (b"{}", 1)])
def test_standard_input(content: bytes, status: int) -> None:
    command = [sys.executable, "-m", "camcors_cli", "policy", "check", "-"]
    done = subprocess.run(command, input=content, capture_output=True)
    said = (done.stdout or done.stderr).decode()
    valid = f"<stdin> is a valid policy, digest {Policy.from_json(DASHBOARD).digest}\n"
    missing = "camcors: <stdin> is not a valid policy (1 fault)\n"
    missing += '<stdin>:1: version: null: missing; write "version": 1\n'
    assert (said, done.returncode) == (missing if status else valid, status)


def test_a_file_that_does_not_exist() -> None:
    done = CliRunner().invoke(policy, ["check", "none.json"])
    assert (done.exit_code, done.stdout) == (2, "")
    assert "'none.json': No such file or directory" in done.stderr


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["*", "https://a.example"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=6,
)  # fmt: skip
KEYS = st.sampled_from(["version", "allowed_origins", "allow_credentials", "max_age", "a/b"]) | st.text()
TEXTS = st.builds(
    lambda value, indent, cut: json.dumps(value, indent=indent)[: cut or None].encode(),
    st.dictionaries(KEYS, VALUES, max_size=5).map(lambda fields: {"version": 1, **fields}),
    st.sampled_from([None, 1]),
    st.integers(-3, 0),
)


@settings(deadline=None)  # a busy machine is no fault
@given(st.binary(max_size=200) | TEXTS)
def test_whatever_the_bytes_they_are_judged_as_on_the_camera(content: bytes) -> None:
    try:
        Policy.from_json(content, document.is_public_suffix)
        faults = 0
    except PolicyError as exc:
        faults = len(exc.faults)
    done = check(content, "--json")
    assert done.exit_code == bool(faults)
    assert len(json.loads(done.stdout)["faults"]) == faults
    for line in done.stderr.splitlines():
        assert line.isprintable()
