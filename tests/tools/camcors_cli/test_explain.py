"""`camcors explain`: a policy, what a page asks, and what is said; each command that it names is tried."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from camcors_cli.commands.explain import explain
from camcors_cli.commands.policy_edit import value_of
from click.testing import CliRunner, Result

from camcors.http.phases import WORDS_NO_METHOD
from camcors.routes import REMEDY
from tests.kit.camera import Camera

Fields = dict[str, Any]

A = "https://a.example"
NONE: Fields = {}
ONE = {"allowed_origins": [A]}
ANY = {"allowed_origins": "*"}
CLOSED = {"allowed_origins": [A], "allowed_methods": ["GET"], "allowed_headers": ["X-A"]}
LOGIN = {"allowed_origins": [A], "allow_credentials": True}
OPEN_LISTS = {"allowed_origins": [A], "allowed_methods": None, "allowed_headers": None}
WRITES = {"allowed_origins": ["https://b.example"], "block_cross_origin_writes": False}
HOSTS = {"allowed_origins": [A], "allowed_hosts": ["cam.example.com"]}

JSON = ("--header", "Content-Type: application/json")
ORIGIN = f"blocked: the origin {A} is not allowed"
ALLOW = f"camcors policy allow {A}"
CREDENTIALS = "camcors policy set allow_credentials true"


def ask(folder: Path, fields: Fields, *args: str) -> Result:
    file = folder / "policy.json"
    file.write_text(json.dumps({"version": 1, **fields}))
    return CliRunner().invoke(explain, [*args, "--file", str(file)], prog_name="camcors explain")


def verdict(result: Result) -> str:
    """What the browser decides."""
    (line,) = [line for line in result.stdout.splitlines() if line.startswith(("CORS: ", "blocked: "))]
    return line.removeprefix("CORS: ")


def endpoint(result: Result) -> str:
    """What the endpoint makes of it, "" if it is not reached."""
    (line,) = [line for line in result.stdout.splitlines() if line.startswith("endpoint: ")] or [""]
    return line.removeprefix("endpoint: ")


def commands(result: Result) -> list[str]:
    return [line.strip() for line in result.stdout.splitlines() if line.startswith("  camcors ")]


def apply(fields: Fields, command: str) -> Fields:
    """What `command` makes of the policy file, as commands/policy_edit.py does it."""
    match shlex.split(command):
        case ["camcors", "policy", "allow", origin]:
            return {**fields, "allowed_origins": [*fields.get("allowed_origins", []), origin]}
        case ["camcors", "policy", "set", field, value]:
            return {**fields, field: value_of(field, value)}
    raise AssertionError(command)


def refused(names: str) -> str:
    many = "," in names
    return f"blocked: the header{'s' * many} {names} {'are' if many else 'is'} not allowed"


# The policy, the arguments, the verdict, the commands that fix it.
ROWS: list[tuple[Fields, tuple[str, ...], str, list[str]]] = [
    (NONE, (A,), ORIGIN, [ALLOW]),
    (NONE, ("null",), "blocked: the origin null is not allowed", ["camcors policy allow null"]),
    (NONE, (A, "POST"), ORIGIN, [ALLOW]),
    (NONE, (A, "PUT"), ORIGIN, [ALLOW]),
    (NONE, (A, "--credentials"), ORIGIN, [ALLOW, CREDENTIALS]),
    (NONE, ("http://192.168.1.9:8080",), "blocked: the origin http://192.168.1.9:8080 is not allowed",
     ["camcors policy allow http://192.168.1.9:8080"]),
    (NONE, ("http://[fe80::1]",), "blocked: the origin http://[fe80::1] is not allowed",
     ["camcors policy allow 'http://[fe80::1]'"]),
    (NONE, ("http://camcors.local",), "allowed", []),
    (NONE, ("http://camcors.local", "PUT"), "allowed", []),
    (NONE, ("http://192.168.4.1", "--host", "192.168.4.1"), "allowed", []),
    (NONE, ("http://192.168.4.1:8080", "DELETE", "--host", "192.168.4.1:8080"), "allowed", []),
    (NONE, ("http://192.168.4.1:8080", "--host", "192.168.4.1"),
     "blocked: the origin http://192.168.4.1:8080 is not allowed",
     ["camcors policy allow http://192.168.4.1:8080"]),
    (NONE, ("https://camcors.local",), "blocked: the origin https://camcors.local is not allowed",
     ["camcors policy allow https://camcors.local"]),
    (ONE, (A,), "allowed", []),
    (ONE, (A, "POST"), "allowed", []),
    (ONE, (A, "put", *JSON, "--header", "X-Token"), "allowed", []),
    (ONE, ("https://a.example:8443",), "blocked: the origin https://a.example:8443 is not allowed",
     ["camcors policy allow https://a.example:8443"]),
    (ONE, ("http://a.example",), "blocked: the origin http://a.example is not allowed",
     ["camcors policy allow http://a.example"]),
    (ONE, (A, "--credentials"), "blocked: credentials are not allowed", [CREDENTIALS]),
    (ONE, (A, "PUT", "--credentials"), "blocked: credentials are not allowed", [CREDENTIALS]),
    (ONE, ("https://b.example", "--credentials"), "blocked: the origin https://b.example is not allowed",
     ["camcors policy allow https://b.example", CREDENTIALS]),
    (ANY, (A,), "allowed", []),
    (ANY, ("null", "PUT"), "allowed", []),
    (ANY, (A, "PUT", "--header", "Authorization: Basic eDp5"), "allowed", []),
    (ANY, (A, "--credentials"), "blocked: any origin is allowed (*), and so none with credentials",
     [f"camcors policy set allowed_origins {A}", CREDENTIALS]),
    (CLOSED, (A,), "allowed", []),
    (CLOSED, (A, "HEAD"), "allowed", []),
    (CLOSED, (A, "POST"), "allowed", []),
    (CLOSED, (A, "PUT"), "blocked: the method PUT is not allowed",
     ["camcors policy set allowed_methods GET,PUT"]),
    (CLOSED, (A, "patch"), "blocked: the method patch is not allowed",
     ["camcors policy set allowed_methods GET,patch"]),
    (CLOSED, (A, "PURGE!"), "blocked: the method PURGE! is not allowed",
     ["camcors policy set allowed_methods 'GET,PURGE!'"]),
    (CLOSED, (A, "--header", "x-a: 1"), "allowed", []),
    (CLOSED, (A, "--header", "X-B: 1"), refused("X-B"), ["camcors policy set allowed_headers X-A,X-B"]),
    (CLOSED, (A, "--header", "X-B", "--header", "X-C", "--header", "X-A"), refused("X-B, X-C"),
     ["camcors policy set allowed_headers X-A,X-B,X-C"]),
    (CLOSED, (A, "POST", *JSON), refused("Content-Type"),
     ["camcors policy set allowed_headers X-A,Content-Type"]),
    (CLOSED, (A, "--header", "Content-Type"), refused("Content-Type"),
     ["camcors policy set allowed_headers X-A,Content-Type"]),
    (CLOSED, (A, "POST", "--header", "Content-Type: text/plain"), "allowed", []),
    (CLOSED, (A, "--header", "Range", "--header", "Accept", "--header", "Accept-Language"), "allowed", []),
    (CLOSED, (A, "--header", "Range: bytes=-5"), refused("Range"),
     ["camcors policy set allowed_headers X-A,Range"]),
    (CLOSED, (A, "--header", "Authorization: x"), refused("Authorization"),
     ["camcors policy set allowed_headers X-A,Authorization"]),
    (CLOSED, ("https://b.example", "PUT", "--header", "X-B", "--credentials"),
     "blocked: the origin https://b.example is not allowed",
     ["camcors policy allow https://b.example", CREDENTIALS, "camcors policy set allowed_methods GET,PUT",
      "camcors policy set allowed_headers X-A,X-B"]),
    (CLOSED, (A, "PUT", "--header", "Cookie: a=b"), "blocked: the method PUT is not allowed",
     ["camcors policy set allowed_methods GET,PUT"]),
    (LOGIN, (A, "--credentials"), "allowed", []),
    (LOGIN, (A, "DELETE", "--credentials", "--header", "Authorization"), "allowed", []),
    (LOGIN, ("http://192.168.1.9", "--credentials"), "blocked: the origin http://192.168.1.9 is not allowed",
     ["camcors policy allow http://192.168.1.9"]),
    (OPEN_LISTS, (A, "PROPFIND", "--header", "Depth: 1"), "allowed", []),
    (WRITES, (A, "POST"), ORIGIN, [ALLOW]),
    (HOSTS, (A, "--host", "cam.example.com:8080"), "allowed", []),
    (HOSTS, (A,), "allowed", []),
    (HOSTS, (A, "--host", "192.168.4.1"), "allowed", []),
    (HOSTS, (A, "--host", "camcors.home.arpa"), "allowed", []),
    (HOSTS, (A, "--host", "other.local:81"), "blocked: the camera does not answer to the Host other.local:81",
     ["camcors policy set allowed_hosts cam.example.com,other.local"]),
    (ONE, (A, "--host", "host.docker.internal"),
     "blocked: the camera does not answer to the Host host.docker.internal",
     ["camcors policy set allowed_hosts host.docker.internal"]),
    (NONE, ("http://camcors.local", "PUT", "--host", "192.168.4.1"),
     "blocked: the origin http://camcors.local is not allowed", ["camcors policy allow http://camcors.local"]),
    (ONE, (A, "--host", "cam.example.com:81"),
     "blocked: the camera does not answer to the Host cam.example.com:81",
     ["camcors policy set allowed_hosts cam.example.com"]),
    (HOSTS, (A, "--host", "[fe80::1]:81"), "allowed", []),
    (NONE, ("https://b.example", "PUT", "--host", "evil.example"),
     "blocked: the camera does not answer to the Host evil.example",
     ["camcors policy set allowed_hosts evil.example", "camcors policy allow https://b.example"]),
    (NONE, ("http://evil.example", "--host", "evil.example"),
     "blocked: the camera does not answer to the Host evil.example",
     ["camcors policy set allowed_hosts evil.example"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "args", "said", "mended_by"),
    ROWS,
    ids=[f"{i}" for i in range(len(ROWS))],
)
def test_a_verdict_and_the_commands_that_unblock(
    tmp_path: Path, fields: Fields, args: tuple[str, ...], said: str, mended_by: list[str]
) -> None:
    result = ask(tmp_path, fields, *args)
    assert verdict(result) == said
    assert commands(result) == mended_by
    assert result.exit_code == (0 if said == "allowed" and endpoint(result).startswith("takes ") else 1)
    assert result.stderr == ""
    reasons = [said]
    for command in mended_by:
        fields = apply(fields, command)
        reasons.append(verdict(ask(tmp_path, fields, *args)))
    assert reasons[-1] == "allowed"
    if "allowed_origins" not in "".join(mended_by):  # "*" goes in one command, credentials come in the next
        assert len(set(reasons)) == len(reasons), "a command that takes no reason away"


# What no command fixes: the policy, the arguments, the verdict, the words.
LEFT: list[tuple[Fields, tuple[str, ...], str, str]] = [
    (ONE, (A, "TRACE"), "blocked: no page may use the method TRACE",
     "but: no policy allows that: use another method"),
    (ONE, (A, "connect"), "blocked: no page may use the method connect",
     "but: no policy allows that: use another method"),
    (ONE, (A, "--header", "X-" + "a" * 1030), refused("X-" + "a" * 1030),
     "but: a preflight may list 64 headers and 1024 bytes: send fewer"),
    (ONE, (A, *(word for i in range(65) for word in ("--header", f"X-{i}"))),
     "blocked: the headers are too many, or too long together",
     "but: a preflight may list 64 headers and 1024 bytes: send fewer"),
    (ONE, ("null",), "blocked: the origin null is not allowed",
     'but: camcors policy allow null is not valid with this policy: allowed_origins[1]: "null": not alone in '
     "the list; write it alone or leave it out; serve the page over http or https, and allow its origin"),
    (LOGIN, ("http://a.example",), "blocked: the origin http://a.example is not allowed",
     "but: camcors policy allow http://a.example is not valid with this policy: allowed_origins[1]: "
     '"http://a.example": credentials over plain http; write "https://a.example"'),
    ({**ONE, "expose_headers": ["*"]}, (A, "--credentials"), "blocked: credentials are not allowed",
     f'but: {CREDENTIALS} is not valid with this policy: expose_headers[0]: "*": any origin with '
     "credentials; write the names of the headers"),
    (NONE, ("null", "--credentials"), "blocked: the origin null is not allowed",
     f'and then: {CREDENTIALS} is not valid with this policy: allowed_origins[0]: "null": null with '
     "credentials; serve the page over http or https and write its origin; serve the page over http or "
     "https, and allow its origin"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "args", "said", "words"), LEFT, ids=[" ".join(row[1])[:40] for row in LEFT]
)
def test_what_no_command_fixes_is_said(
    tmp_path: Path, fields: Fields, args: tuple[str, ...], said: str, words: str
) -> None:
    result = ask(tmp_path, fields, *args)
    assert (verdict(result), result.exit_code) == (said, 1)
    assert words in result.stdout.splitlines()


CORP = "Cross-Origin-Resource-Policy"
LINES: list[tuple[Fields, tuple[str, ...], list[str]]] = [
    (ONE, (A,), [
        "ok   the camera answers to the Host camcors.local",
        "ok   no preflight is needed: GET and its headers are safelisted",
        "ok   the GET is sent and answered 200",
        f"ok   the page may read the answer: Access-Control-Allow-Origin: {A}",
        "ok   of its headers it may read the safelisted ones alone",
        f"note the page may not show the picture with a plain <img> ({CORP}: same-origin): "
        "its browser names no page to the camera; write <img crossorigin>",
        "ok   the page may show the camera's answers in an <iframe>",
        "ok   the page may open a WebSocket",
    ]),
    (ONE, ("https://b.example",), [
        "note the page may not show the camera's answers in an <iframe>: the policy does not let it",
    ]),
    ({"allowed_origins": ["http://[fe80::7]"]}, ("http://[fe80::7]",), [
        "note the page may not show the camera's answers in an <iframe>: Content-Security-Policy has no "
        "name for its origin",
    ]),
    ({"allowed_origins": ["http://*.b.example:*"]}, ("http://a.b.example:8080",), [
        "ok   the page may show the camera's answers in an <iframe>",
    ]),
    (ANY, (A,), ["ok   the page may show the camera's answers in an <iframe>"]),
    (NONE, ("http://camcors.local:9999", "POST"), [
        "no   the POST is sent, and the camera's write guard stops it: 403",
        "note the page may not open a WebSocket: the camera's websocket guard answers 403",
    ]),
    ({**CLOSED, "allowed_methods": None, "expose_headers": ["X-Frame-Id", "Retry-After"]},
     (A, "PUT", "--header", "X-A", "--path", "/api/camera"), [
        "ok   a preflight is needed: the method PUT is not GET, HEAD or POST; "
        "the header X-A is not safelisted",
        f"ok   the preflight is answered 204 with Access-Control-Allow-Origin: {A}, "
        "Access-Control-Allow-Methods: PUT, Access-Control-Allow-Headers: x-a",
        "ok   the PUT is sent and answered 200",
        f"ok   the page may read the answer: Access-Control-Allow-Origin: {A}",
        "ok   of its headers it may read the safelisted ones, and X-Frame-Id, Retry-After",
    ]),
    (NONE, (A, "POST"), [
        "ok   no preflight is needed: POST and its headers are safelisted",
        "no   the POST is sent, and the camera's write guard stops it: 403",
        "no   the page may not read the answer: no Access-Control-Allow-Origin",
        "note the page may not open a WebSocket: the camera's websocket guard answers 403",
    ]),
    (WRITES, (A, "POST"), [
        "note the POST is sent and answered 405",
        "no   the page may not read the answer: no Access-Control-Allow-Origin",
    ]),
    ({"allowed_origins": ["null"]}, ("null", "PUT", "--path", "/api/led"), [
        "ok   the PUT is sent and answered 200",
        "ok   the page may read the answer: Access-Control-Allow-Origin: null",
    ]),
    (NONE, (A,), [
        "ok   the GET is sent and answered 200",
        "no   the page may not read the answer: no Access-Control-Allow-Origin",
    ]),
    (CLOSED, (A, "PUT"), [
        f"no   the preflight is answered 204 with Access-Control-Allow-Origin: {A}, "
        "no Access-Control-Allow-Methods",
        "no   so the PUT is not sent",
    ]),
    (ANY, (A, "--header", "Content-Type", "--header", "Range: bytes=-1"), [
        "ok   a preflight is needed: the content type application/json is not one that a form can send; "
        "the header Range has a value that is not safelisted",
        "ok   the page may read the answer: Access-Control-Allow-Origin: *",
        f"ok   the page may show the picture with a plain <img> ({CORP}: cross-origin)",
    ]),
    ({**ANY, "expose_headers": ["*"]}, (A,), [
        "ok   of its headers it may read the safelisted ones, and X-Frame-Id, X-Timestamp, "
        f"Access-Control-Allow-Origin, Access-Control-Expose-Headers, {CORP}",
    ]),
    (LOGIN, (A, "--credentials"), [
        f"ok   the page may read the answer: Access-Control-Allow-Origin: {A}, "
        "Access-Control-Allow-Credentials: true",
    ]),
    ({**ONE, "resource_policy": "same-site"}, ("http://localhost:8000",), [
        f"note the page may not show the picture with a plain <img> ({CORP}: same-site)",
    ]),
    ({**ONE, "resource_policy": "same-site"}, ("http://cam.camcors.local",), [
        f"ok   the page may show the picture with a plain <img> ({CORP}: same-site); "
        "with a Referrer-Policy of no-referrer it may not: write <img crossorigin> there",
    ]),
    ({"allowed_origins": ["http://octoprint.local"]}, ("http://octoprint.local",), [
        f"ok   the page may show the picture with a plain <img> ({CORP}: cross-origin); "
        "with a Referrer-Policy of no-referrer it may not: write <img crossorigin> there",
    ]),
    ({"allowed_origins": ["http://octoprint.local"]}, ("http://mainsail.local",), [
        f"note the page may not show the picture with a plain <img> ({CORP}: same-origin)",
    ]),
    ({"allowed_origins": ["http://octoprint.local"]}, ("http://camcors.local",), [
        f"ok   the page may show the picture with a plain <img> ({CORP}: same-origin)",
    ]),
    (NONE, ("http://camcors.local", "PUT"), [
        "ok   the page is of the camera itself: same origin, so CORS does not ask anything of it",
        "note the PUT is sent and answered 405",
        "ok   the page may read the answer and all its headers",
        "ok   the page may open a WebSocket",
    ]),
    (ONE, (A, "put", "--header", "Cookie: a=b", "--header", "X-HTTP-Method: TRACE"), [
        "note the browser leaves Cookie out: no page may set it",
        "note the browser leaves X-HTTP-Method out: no page may set it",
        "note put is sent as PUT",
        "ok   a preflight is needed: the method PUT is not GET, HEAD or POST",
    ]),
    (ONE, (A, "patch"), [
        "note patch stays in lower case and is not PATCH: write PATCH, unless patch is meant",
    ]),
    (ONE, (A, "TRACE"), ["no   nothing is sent: no page may use the method TRACE"]),
    (ONE, (A, *(word for i in range(9) for word in ("--header", f"Accept: {'a' * 120}")),), [
        "ok   a preflight is needed: the headers are too long together",
    ]),
    (ONE, (A, "--host", "evil.example"), [
        "no   the camera answers 421 to the Host evil.example: the request reaches nothing",
    ]),
    (ONE, (A, "--host", "192.168.4.1"), [
        "note mixed content, an https page and http://192.168.4.1: Chrome 142 and later lets it through "
        "once the person grants local-network access; Firefox and Safari block it: "
        "give the camera https: camcors tls setup",
    ]),
    (ONE, ("http://93.184.215.14", "--host", "192.168.4.1"), [
        "note Chrome 142 and later refuses: a public page over http may not ask a local address; "
        "open the page from this computer, such as http://localhost:8000 by camcors dashboard; or serve it "
        "over https",
    ]),
    (ONE, (A, "--credentials"), [
        f"no   the page may not read the answer: Access-Control-Allow-Origin: {A}, "
        "no Access-Control-Allow-Credentials",
        'mind: with credentials "*" allows nothing: each origin and header has to be listed, and '
        "every page of an allowed origin acts as the person who is logged in",
    ]),
    (CLOSED, (A, "--header", "Authorization"), [
        f"no   the preflight is answered 204 with Access-Control-Allow-Origin: {A}, "
        "Access-Control-Allow-Methods: GET, no Access-Control-Allow-Headers",
        "no   so the GET is not sent",
    ]),
    (CLOSED, (A,), [
        "note a page that sends a token needs Authorization in allowed_headers, which no * covers: "
        "camcors policy set allowed_headers X-A,Authorization",
    ]),
    (NONE, (A, "PUT"), [
        "no   the preflight is answered 204 with no Access-Control-Allow-Origin",
    ]),
    (CLOSED, (A, "PUT", "--path", "/api/camera?x=1"), [
        f"PUT http://camcors.local/api/camera?x=1 by a page of {A}",
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "args", "lines"), LINES)
def test_the_steps_in_plain_words(
    tmp_path: Path, fields: Fields, args: tuple[str, ...], lines: list[str]
) -> None:
    said = ask(tmp_path, fields, *args).stdout.splitlines()
    assert [line for line in said if line in lines] == lines


TAKES = "answers 405: this path takes "
PUTS = "/api/camera and /api/led take PUT; "
OWN = "routes of your /main.py are not known here"
NOWHERE = f"answers 404: there is nothing at this path; {REMEDY}; {OWN}"

# What the page asks for, and the endpoint's line; the policy lets all of it pass.
ENDPOINTS = [
    ("GET", "/api/status", "takes GET"),
    ("HEAD", "/api/status", "takes HEAD"),
    ("OPTIONS", "/api/status", "takes OPTIONS"),
    ("PUT", "/api/camera", "takes PUT"),
    ("put", "/api/led?x=1", "takes PUT"),
    ("PUT", "/api/status", f"{TAKES}GET, HEAD, OPTIONS; {PUTS}{OWN}"),
    ("POST", "/api/status", f"{TAKES}GET, HEAD, OPTIONS; /api/session and /api/links take POST; {OWN}"),
    ("GET", "/api/led", f"{TAKES}PUT, OPTIONS; /, /api/status, /api/capture, /api/stream, /api/camera and "
     f"/api/access take GET; {OWN}"),
    ("DELETE", "/api/camera", f"{TAKES}GET, PUT, HEAD, OPTIONS; /api/session takes DELETE; {OWN}"),
    ("GET", "/nowhere", NOWHERE),
    ("PUT", "/api/status/", NOWHERE),
    ("DELETE", "/nowhere", NOWHERE),
    ("PURGE", "/", f"answers 501: {WORDS_NO_METHOD}; {OWN}"),
    ("patch", "/api/status", f"answers 501: {WORDS_NO_METHOD}; {OWN}"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "said"), ENDPOINTS)
def test_cors_is_one_line_and_the_endpoint_another(tmp_path: Path, method: str, path: str, said: str) -> None:
    result = ask(tmp_path, ONE, A, method, "--path", path)
    assert result.stdout.splitlines()[-2:] == ["CORS: allowed", f"endpoint: {said}"]
    assert result.exit_code == (0 if said.startswith("takes ") else 1)
    whole = json.loads(ask(tmp_path, ONE, A, method, "--path", path, "--json").stdout)
    status = int(said.split()[1].strip(":")) if said.startswith("answers") else None
    assert whole["endpoint"] == {"works": status is None, "text": said, "status": status}
    assert whole["verdict"] == "allowed"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("https://b.example", "PUT"), f"{TAKES}GET, HEAD, OPTIONS; {PUTS}{OWN}"),
        (("https://b.example", "PUT", "--path", "/api/led"), "takes PUT"),
        ((A, "TRACE"), ""),
        ((A, "--host", "evil.example"), ""),
    ],
)
def test_the_endpoint_of_a_blocked_request(tmp_path: Path, args: tuple[str, ...], said: str) -> None:
    result = ask(tmp_path, ONE, *args)
    assert (endpoint(result), result.exit_code) == (said, 1)
    assert verdict(result).startswith("blocked: ")


def test_the_endpoints_are_those_of_the_camera(camera: Camera, tmp_path: Path) -> None:
    for method, path, said in ENDPOINTS:
        answer = httpx.Client(trust_env=False).send(asked(method, camera.url + path))
        expected = f"answers {answer.status_code}" if answer.status_code >= 404 else "takes "
        assert said.startswith(expected), (method, path, answer.text)


def asked(method: str, url: str) -> httpx.Request:
    request = httpx.Request(method, url)
    request.method = method.upper() if method == "put" else method  # the constructor capitalises all
    return request


def test_the_file_s_own_line_is_said(tmp_path: Path) -> None:
    said = ask(tmp_path, CLOSED, A, "PUT").stdout.splitlines()
    assert said[-1] == f'in {tmp_path}/policy.json: "allowed_methods": ["GET", "PUT"]'


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["https://*.a.example"], '"https://*.a.example" is a pattern; write one origin that it stands for'),
        (["http://localhost:*"], '"http://localhost:*" is a pattern; write one origin'),
        (["*"], '"*" is a pattern; write one origin'),
        (["a.example"], '"a.example": no scheme; write "https://a.example"'),
        (["Https://A.example/"], 'upper case, trailing slash; write "https://a.example"'),
        (["https://a.example:443"], 'default port; write "https://a.example"'),
        (["https://a.example/x"], "path, query or fragment"),
        (["https://\x1b[31ma.example"], '"https://\\u001b[31ma.example": character that a host cannot have'),
        (["NULL"], 'upper case; write "null"'),
        ([A, "P UT"], '"P UT" is not a method; write one word, as in PUT'),
        ([A, ""], '"" is not a method; write one word, as in PUT'),
        ([A, "--header", "X Y: 1"], '"X Y" is not a header name; write X-Token or'),
        ([A, "--header", ": 1"], '"" is not a header name'),
        ([A, "--header", "X: a\nb"], '"a\\nb" is not a value of X; write it without control characters'),
        ([A, "--header", "X: \u20ac"], '"\\u20ac" is not a value of X; write it without control'),
        ([A, "--path", "api"], '"api" is not a path of a URL; write it percent-encoded, as in /api/status'),
        ([A, "--path", "/a b"], '"/a b" is not a path of a URL'),
        ([A, "--path", "/a#b"], '"/a#b" is not a path of a URL'),
        ([A, "--host", "127.1"], '"127.1": not an IPv4 address as a browser writes it'),
        ([A, "--host", "Cam.local"], '"Cam.local": upper case; write "cam.local"'),
        ([A, "--host", "http://cam.local"], '"http://cam.local"'),
        ([A, "--host", "*.local"], '"*.local" is a pattern; write one host'),
        ([A, "--file", "nowhere.json"], "nowhere.json"),
        ([], "Missing argument 'ORIGIN'"),
    ],
)
def test_a_usage_error(args: list[str], words: str) -> None:
    result = CliRunner().invoke(explain, args)
    assert result.exit_code == 2
    said = result.stderr.replace("\\\\", "\\")
    assert words.replace("\\n", "\\u000a") in said
    assert "\x1b" not in said


def test_an_invalid_file_is_refused_with_all_its_faults(tmp_path: Path) -> None:
    result = ask(tmp_path, {"allowed_origins": ["https://A"], "max_age": -1}, A)
    assert result.exit_code == 1
    assert result.stderr.count("policy.json:1: ") == 2


def test_json(tmp_path: Path) -> None:
    result = ask(tmp_path, {**CLOSED, "expose_headers": ["X-Frame-Id"]}, A, "PUT", "--json")
    said = json.loads(result.stdout)
    assert result.exit_code == 1
    assert said["verdict"] == "blocked"
    assert (said["code"], said["reason"]) == ("PREFLIGHT_METHOD", "the method PUT is not allowed")
    assert said["commands"] == ["camcors policy set allowed_methods GET,PUT"]
    assert said["readable_headers"] == []
    assert {step["mark"] for step in said["steps"]} == {"ok", "no", "note"}
    allowed = json.loads(ask(tmp_path, {**ONE, "expose_headers": ["X-Frame-Id"]}, A, "--json").stdout)
    assert (allowed["verdict"], allowed["reason"], allowed["code"]) == ("allowed", None, None)
    assert allowed["readable_headers"] == ["X-Frame-Id", "Content-Length", "Content-Type"]


def test_standard_input() -> None:
    text = json.dumps({"version": 1, **ONE})
    result = CliRunner().invoke(explain, [A, "--file", "-"], input=text)
    assert (result.exit_code, verdict(result)) == (0, "allowed")


# --- against the camera


def run(*args: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "camcors_cli", *args],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **env},
        stdin=subprocess.DEVNULL,
    )


def test_the_policy_in_force_on_the_camera(new_camera: Camera) -> None:
    new_camera.put("camera.json", '{"name": "porch"}')
    port = new_camera.repl
    assert run("reset", "--port", port).returncode == 0
    first = run("explain", A, "--port", port)
    assert first.returncode == 1, first.stderr
    assert first.stdout.startswith(f"GET http://porch.local/api/status by a page of {A}\n")
    command = f"camcors policy allow {A} --port {port}"
    assert f"\n  {command}\n" in first.stdout
    assert run(*shlex.split(command)[1:]).returncode == 0
    second = run("explain", A, CAMCORS_PORT=port)
    assert second.returncode == 0
    assert second.stdout.endswith("\nCORS: allowed\nendpoint: takes GET\n")
    third = run("explain", "https://b.example", CAMCORS_PORT=port)
    assert "\n  camcors policy allow https://b.example\n" in third.stdout


def test_a_camera_that_is_not_started(new_camera: Camera) -> None:
    new_camera.exec("from camcors import start; start.state.guard = None")
    done = run("explain", A, CAMCORS_PORT=new_camera.repl)
    assert (done.stderr, done.returncode) == ("", 1)
    assert done.stdout.startswith(f"GET http://camcors.local/api/status by a page of {A}\n")


def test_no_camera(tmp_path: Path) -> None:
    done = run("explain", A, "--port", "socket://127.0.0.1:1")
    assert done.returncode == 3
    assert done.stdout == ""
