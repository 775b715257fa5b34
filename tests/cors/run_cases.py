"""Runs the tables of this folder on CPython and on MicroPython: `python run_cases.py [folder]`.

Needs `cors` and `microdot` on the path, and nothing else. cases/: requests to an application and their
answers, looked at as Microdot returns them and again as they go over the wire. They are grouped by policy and
application; each of a group's rows is a JSON Merge Patch (RFC 7396) of what the group says of all of them.
faults/: one policy file and the faults of it. origins/: one pattern and one origin.
"""

import asyncio
import binascii
import json
import os
import sys

from cors import CORS, Policy, PolicyError
from cors.guard import Guard
from cors.origin import Matcher
from cors.pattern import parse
from microdot import Microdot, Request, Response
from microdot.microdot import NoCaseDict
from strict.fault import lines
from strict.reasons import REASONS

_OURS = ("vary", "x-cors-debug", "cross-origin-resource-policy", "content-security-policy")
_PORTS = (("http", 80), ("http", 8080))  # where the cameras of the rows listen
_GUARD_FIELDS = ("resource_policy", "allowed_hosts", "block_cross_origin_writes")
_LOOP = asyncio.new_event_loop()  # one for all: CPython makes and ends threads with each


def load(folder):
    """Return the rows of every table in `folder`, each with the name of its file as "file"."""
    rows = []
    for name in sorted(os.listdir(folder)):
        if name.endswith(".json"):
            with open(folder + "/" + name) as file:
                for entry in json.load(file):
                    for row in _rows(entry):
                        row["file"] = name[:-5]
                        rows.append(row)
    return rows


def _rows(entry):
    """Return the rows of a table's entry: those of a group, or the entry itself."""
    if "rows" not in entry:
        return [entry]
    rows = []
    for patch in entry["rows"]:
        row = _patched(entry, patch)
        del row["rows"]
        rows.append(row)
    return rows


def _patched(value, patch):
    """Return `value` (any JSON) after `patch`, as RFC 7396 section 2 says."""
    if not isinstance(patch, dict):
        return patch
    result = dict(value) if isinstance(value, dict) else {}
    for name, change in patch.items():
        if change is None:
            result.pop(name, None)
        else:
            result[name] = _patched(result.get(name), change)
    return result


def run_case(case, by_policy=True):
    """Return what is wrong with the answer to one case, as a list of str, empty if nothing is.

    by_policy: make the CORS object from a Policy, else through the constructor.
    """
    return _LOOP.run_until_complete(_run_case(case, by_policy))


def run_case_by_constructor(case):
    return run_case(case, by_policy=False)


def answer(case):
    """Return the answer to one case as (status, headers as pairs), for a browser to judge."""
    _, response, _ = _LOOP.run_until_complete(_answer(case, True))
    return response.status_code, _pairs(response.headers)


async def _answer(case, by_policy):
    calls = []
    app = Microdot()
    setup = case.get("app", {})
    cors = _make_cors(case["policy"], by_policy)
    cors.debug = setup.get("debug", False)
    cors.initialize(app, handle_cors=setup.get("handle_cors", True))
    _build(app, setup, calls)
    if "guard" in setup:
        Guard(app, cors, tuple(setup["guard"].get("own", [])), _PORTS)
    _change(cors, setup)
    request = _request(app, case.get("request"))
    return request, await app.dispatch_request(request), calls


async def _run_case(case, by_policy):
    setup = case.get("app", {})
    request, response, calls = await _answer(case, by_policy)
    expect = _with_error(case["expect"])
    wrong = []
    if setup.get("body") == "already_handled":
        if response is not Response.already_handled or dict(response.headers):
            wrong.append("the answer that was already sent is not left alone")
        return wrong
    pairs = _pairs(response.headers)
    _check(wrong, "answer", response.status_code, pairs, expect)
    if (len(calls) > 0) != expect["handler"]:
        wrong.append("handler called: %s" % (len(calls) > 0))
    method = request.method if request else None
    if method == "OPTIONS" and response.status_code == 204 and response.body is not None:
        wrong.append("body %r" % response.body)
    status, pairs, body = await _wire(response)
    _check(wrong, "wire", status, pairs, expect)
    if body != expect.get("body", body):
        wrong.append("wire: body %r, not %r" % (body, expect["body"]))
    if "error" in expect and "body" not in expect:
        said = json.loads(body)
        for name, value in expect["error"].items():
            if said.get(name) != value:
                wrong.append("wire: %s is %r, not %r" % (name, said.get(name), value))
    if status == 204:
        for name, _ in pairs:
            if name.lower() in ("content-length", "content-type", "transfer-encoding"):
                wrong.append("wire: %s on a 204" % name)
        if body:
            wrong.append("wire: body %r on a 204" % body)
    return wrong


def _with_error(expect):
    """Return what is expected of an answer, with what belongs to an `error`, members of its JSON object."""
    if "error" not in expect:
        return expect
    headers = {"Content-Type": "application/json; charset=UTF-8", "Cache-Control": "no-store"}
    vary = ["accept"] + expect["sets"].get("Vary", [])
    return _patched(expect, {"headers": headers, "sets": {"Vary": vary}})


def _make_cors(policy, by_policy):
    if by_policy:
        cors = CORS()
        cors.policy = Policy.from_json(json.dumps(policy))
        return cors
    fields = dict(policy)
    fields.pop("version")
    rest = {}
    for name in _GUARD_FIELDS:
        if name in fields:
            rest[name] = fields.pop(name)
    network = fields.pop("allow_private_network", False)
    if rest:  # the constructor does not take them: a Policy of these, and attributes for the others
        cors = CORS()
        cors.policy = Policy(**rest)
        for name, value in fields.items():
            setattr(cors, name, value)
    else:
        cors = CORS(**fields)
    cors.allow_private_network = network
    return cors


def _build(app, setup, calls):
    """Give `app` one route at / (or at /sub/ of a mounted application) that notes its calls."""
    home = Microdot() if "mount" in setup else app
    prefix = "/" if home is app else ""

    def handler(request):
        calls.append(request.method)
        if "raises" in setup:
            if setup["raises"] == "error":
                raise RuntimeError("the handler of a test case")
            app.abort(setup["raises"])
        if setup.get("body") == "already_handled":
            return Response.already_handled
        headers = {}
        for name, value in setup.get("headers", []):
            headers[name] = value
        return _body(setup), setup.get("status", 200), headers

    home.route(prefix, methods=["GET", "POST", "PUT", "PATCH", "DELETE"])(handler)
    if setup.get("error_handler"):
        app.errorhandler(404)(lambda request: ("own page", 404, {"Vary": "Cookie"}))
    if setup.get("auth"):
        app.before_request(lambda request: ("who are you", 401))
    if home is not app:
        app.mount(home, url_prefix="/sub/", local=setup["mount"] == "local")


def _body(setup):
    if setup.get("body") == "stream":
        return iter([b"one", b"two"])
    if setup.get("body") == "json":
        return {"ok": True}
    return "hello"


def _change(cors, setup):
    """Change the object as a program would at run time, after it was attached."""
    for name, value in setup.get("assign", {}).items():
        setattr(cors, name, value)
    for name, value in setup.get("append", {}).items():
        getattr(cors, name).append(value)
    for name in setup.get("clear", []):
        values = getattr(cors, name)
        while values:
            values.pop()


def _request(app, row):
    if row is None:  # what Microdot could not parse
        return None
    headers = NoCaseDict()
    for name, value in row.get("headers", {}).items():
        headers[name] = value
    client = ("127.0.0.1", 50000)
    return Request(app, client, row["method"], row.get("path", "/"), "1.1", headers, body=b"")


def _pairs(headers):
    pairs = []
    for name, value in headers.items():
        for item in value if isinstance(value, list) else [value]:
            pairs.append((name, item))
    return pairs


class _Wire:
    def __init__(self):
        self.data = b""

    async def awrite(self, data):
        self.data += data


async def _wire(response):
    wire = _Wire()
    await response.write(wire)
    head, _, body = wire.data.decode().partition("\r\n\r\n")
    rows = head.split("\r\n")
    pairs = []
    for row in rows[1:]:
        name, _, value = row.partition(": ")
        pairs.append((name, value))
    return int(rows[0].split(" ")[1]), pairs, body


def _check(wrong, where, status, pairs, expect):
    if status != expect["status"]:
        wrong.append("%s: status %s, not %s" % (where, status, expect["status"]))
    exact = expect.get("headers", {})
    sets = expect.get("sets", {})
    known = [name.lower() for name in exact] + [name.lower() for name in sets]
    seen = []
    for name, value in pairs:
        small = name.lower()
        if small in seen and small != "content-security-policy":  # a handler's, and the guard's
            wrong.append("%s: %s twice" % (where, name))
        seen.append(small)
        ours = small.startswith("access-control-") or small in _OURS
        if (ours and small not in known) or small in expect.get("absent", []):
            wrong.append("%s: unexpected %s: %s" % (where, name, value))
    for name, value in exact.items():
        got = [v for n, v in pairs if n.lower() == name.lower()]
        if got != (value if isinstance(value, list) else [value]):
            wrong.append("%s: %s is %r, not %r" % (where, name, got, value))
    for name, items in sets.items():
        got = ", ".join([v for n, v in pairs if n.lower() == name.lower()])
        if sorted([item.strip().lower() for item in got.split(",")]) != sorted(items):
            wrong.append("%s: %s is %r, not the set %r" % (where, name, got, items))


def run_fault(row):
    """Return what is wrong with the faults found in one policy file, as a list of str."""
    if "hex" in row:
        text = binascii.unhexlify(row["hex"])
    else:
        text = row["text"] if "text" in row else json.dumps(row["policy"])
    wrong = []
    try:
        policy = Policy.from_json(text)
        got = []
        warnings = lines(policy.warnings).split("\n") if policy.warnings else []
        faults = policy.warnings
    except PolicyError as error:
        got = str(error).split("\n")
        warnings = []
        faults = error.faults
    if got != row.get("faults", []):
        wrong.append("faults %r, not %r" % (got, row.get("faults", [])))
    if warnings != row.get("warnings", []):
        wrong.append("warnings %r, not %r" % (warnings, row.get("warnings", [])))
    for fault in faults:
        if fault.reason not in REASONS:
            wrong.append("reason %r is not in the list" % fault.reason)
    return wrong


def run_origin(row):
    """Return what is wrong with the matching of one origin, as a list of str."""
    wrong = []
    for pattern in row["patterns"]:
        if parse(pattern).reasons:
            wrong.append("pattern %r: %r" % (pattern, parse(pattern).reasons))
    if Matcher(row["patterns"]).match(row["origin"]) is not row["match"]:
        wrong.append("%r and %r: not %s" % (row["patterns"], row["origin"], row["match"]))
    return wrong


def main(folder):
    """Run all tables, print each failure and a count; return the number of failures."""
    runs = failures = 0
    for table, run in (
        ("cases", run_case),
        ("cases", run_case_by_constructor),
        ("faults", run_fault),
        ("origins", run_origin),
    ):
        for row in load(folder + "/" + table):
            runs += 1
            for wrong in run(row):
                failures += 1
                print("FAIL", row["file"], row["name"] + ":", wrong)
    print("%d rows, %d failures, %s" % (runs, failures, sys.implementation.name))
    return failures


if __name__ == "__main__":
    here = __file__.rpartition("/")[0] or "."
    sys.exit(1 if main(sys.argv[1] if len(sys.argv) > 1 else here) else 0)
