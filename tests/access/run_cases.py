"""Runs the tables of this folder on CPython and on MicroPython: `python run_cases.py [folder]`.

Needs `access` on the path, and nothing else. lock.json has a row for each credential, and in it what becomes
of three requests, each from four kinds of page: none, the camera's own, an allowed one, a foreign one. A
role: it passes, and its sender may so much. Else it is refused: `no` token, `wrong` token, `ended` link, too
`low` a role.
"""

import binascii
import json
import sys

from access import credentials, guesses, links, roles, secret
from access.document import Access
from access.hmac import Hmac
from access.lock import ANYONE, Lock
from access.sessions import COOKIE, IDLE_S, log_in, log_out
from strict import error
from strict.fault import AccessError
from strict.reasons import REASONS
from strict.sender import FOREIGN, NO_ORIGIN, OWN, TRUSTED

NAMES = ("view", "control", "admin", "removed", "lowered")
TOKENS = {name: "camcors_%026d" % i for i, name in enumerate(NAMES)}
TOKENS["wrong"] = "camcors_0123456789abcdefghjkmnpqrs"
_ROLES = {"removed": "admin", "lowered": "control"}
ORIGINS = (NO_ORIGIN, OWN, TRUSTED, FOREIGN)
PATH = "/api/capture"
_START_S = 1000  # when tokens are shown first
_LATER_S = 1010  # when the request comes
_CODES = {
    "no": error.NO_TOKEN,
    "wrong": error.WRONG_TOKEN,
    "ended": error.LINK_ENDED,
    "low": error.ROLE_TOO_LOW,
}
_BASIC = 'Basic realm="camcors", charset="UTF-8"'
_BEARER = {
    "no": 'Bearer realm="camcors"',
    "wrong": 'Bearer realm="camcors", error="invalid_token"',
    "ended": 'Bearer realm="camcors"',
    "low": 'Bearer realm="camcors", error="insufficient_scope"',
}


def load(folder, table):
    with open(folder + "/tables/" + table + ".json") as file:
        return json.load(file)


def _entry(name, role):
    return {"name": name, "role": role, "sha256": binascii.hexlify(secret.hash_of(TOKENS[name])).decode()}


def before():
    """Return the Access in which all tokens are known."""
    return Access(tokens=[_entry(name, _ROLES.get(name, name)) for name in NAMES])


def after(opened=None):
    """Return the Access with which requests meet: one token was removed, another may less than before."""
    fields = {"tokens": [_entry(name, name) for name in NAMES[:3]] + [_entry("lowered", "view")]}
    if opened == "open":
        fields["open"] = "anyone in this network may watch and control"
    elif opened == "open_view":
        fields["open_view"] = "anyone in this network may watch"
    return Access(**fields)


class Asked:
    """What shows who asks: headers (dict), and the query (str) of a link, or None."""

    def __init__(self, lock, show):
        self.headers = {}
        self.query = None
        for how, value in show.items():
            getattr(self, "_" + how, self._none)(lock, value, show)

    def _none(self, lock, value, show):
        pass

    def _header(self, lock, value, show):
        self.headers["Authorization"] = value

    def _bearer(self, lock, name, show):
        self.headers["Authorization"] = "Bearer " + TOKENS[name]

    def _typed(self, lock, name, show):
        self.headers["Authorization"] = "bearer  " + TOKENS[name].upper().replace("0", "O").replace("1", "l")

    def _basic(self, lock, name, show):
        pair = "Küche:" + TOKENS[name]
        self.headers["Authorization"] = "Basic " + binascii.b2a_base64(pair.encode()).decode().strip()

    def _cookie(self, lock, name, show):
        if name == "wrong":
            self.headers["Cookie"] = COOKIE + "=" + "0" * 32
            return
        token = {"out": "admin", "idle": "admin", "twice": "admin"}.get(name, name)
        start_s = _LATER_S - IDLE_S - 1 if name == "idle" else _LATER_S - IDLE_S
        verdict, session = log_in(lock, TOKENS[token], {}, start_s)
        assert verdict.code is None
        self.headers["Cookie"] = "a=b; " + COOKIE + "=" + session
        if name == "out":
            log_out(lock, self.headers)
        elif name == "twice":
            self.headers["Cookie"] += "; " + COOKIE + "=x"

    def _link(self, lock, name, show):
        headers = {"Authorization": "Bearer " + TOKENS[name]}
        verdict = lock.judge("view", "POST", "/api/links", None, headers, OWN, _START_S)
        target = "/api/stream" if show.get("elsewhere") else PATH + "?fps=5"
        start_s = _LATER_S - show.get("after_s", 0)
        link = links.make(lock, verdict, target, 60, start_s, show.get("role", "view"))
        self.query = link.partition("?")[2]


def run_lock(row):
    """Return what is wrong with the verdicts on one row's requests, as a list of str."""
    wrong = []
    for request in ("GET", "PUT", "GET /api/access"):
        for i, expected in enumerate(row[request]):
            lock = Lock(b"1" * 16)
            lock.access = before()
            asked = Asked(lock, row["show"])
            if row["show"].get("restart"):
                lock = Lock(b"2" * 16)
            lock.access = after(row.get("open"))
            where = request + " from " + str(ORIGINS[i]) + ": "
            wrong += [where + each for each in _check(lock, asked, request, ORIGINS[i], expected)]
    return wrong


def _check(lock, asked, request, origin, expected):
    method, _, path = request.partition(" ")
    headers = asked.headers
    if origin != NO_ORIGIN:
        headers["Origin"] = "https://page.example"
    # A link to /api/access itself gives no more than any.
    needed = roles.needed(method, path or PATH)
    header = headers.get("Authorization")
    if header is None:
        admitted = lock.admits_anyone(needed, asked.query, headers)
        is_plain = asked.query is None and "Cookie" not in headers
    else:
        admitted = lock.admits(needed, header)
        is_plain = header[:7] == "Bearer " and len(header) == 41
    verdict = lock.judge(needed, method, PATH, asked.query, headers, origin, _LATER_S)
    wrong = check_verdict(verdict, expected, origin == NO_ORIGIN)
    if admitted is not (verdict if is_plain and verdict.code is None else None):
        wrong.append("admitted %r" % admitted)
    if (verdict.wait_ms > 0) != (expected == "wrong") or lock.guesses != (expected == "wrong"):
        wrong.append("waits %d ms, %d guesses" % (verdict.wait_ms, lock.guesses))
    headers["Origin"] = "https://page.example"
    headers["Access-Control-Request-Method"] = "PUT"
    counted = lock.guesses
    if lock.judge(needed, "OPTIONS", PATH, asked.query, headers, origin, _LATER_S) is not ANYONE:
        wrong.append("the preflight does not pass")
    if lock.judge("public", method, "/", asked.query, headers, origin, _LATER_S) is not ANYONE:
        wrong.append("what is public does not pass")
    if lock.guesses != counted:
        wrong.append("a guess where nothing was asked")
    return wrong


def check_verdict(verdict, expected, has_basic):
    """Return what is wrong with a Verdict, as a list of str."""
    if expected not in _CODES:
        found = (verdict.code, verdict.role, verdict.challenge, verdict.words, verdict.remedy)
        return [] if found == (None, expected, (), None, None) else ["%r, not %s" % (found, expected)]
    challenge = (_BEARER[expected],)
    if has_basic and expected != "low":
        challenge = (_BASIC,) + challenge
    found = (verdict.code, verdict.role, verdict.challenge)
    wrong = [] if found == (_CODES[expected], None, challenge) else ["%r, not %s" % (found, expected)]
    said = str(verdict.words) + str(verdict.remedy)
    if not (verdict.words and verdict.remedy) or [text for text in TOKENS.values() if text in said]:
        wrong.append("words %r" % said)
    return wrong


def run_senders(row):
    """For whom a cookie or a password of view counts, and who is told of Basic."""
    lock = Lock(b"1" * 16)
    lock.access = after()
    headers = dict(row["headers"])
    if headers.pop("Cookie", False):
        headers["Cookie"] = COOKIE + "=" + log_in(lock, TOKENS["view"], {}, _START_S)[1]
    for how in ("Basic", "Bearer"):
        if headers.pop(how, False):
            headers.update(Asked(lock, {how.lower(): "view"}).headers)
    origin = FOREIGN if "Origin" in headers else NO_ORIGIN
    verdict = lock.judge("view", row["method"], PATH, None, headers, origin, _LATER_S)
    return check_verdict(verdict, row["is"], row.get("basic"))


def run_links(row):
    """A link is made of what it may be made of; it is good for its path and query, to the letter."""
    maker = links.Links(b"1" * 16)
    tokens = after().tokens
    maker.know(tokens)
    target, role, for_s = row["target"], row["role"], row["for_s"]
    try:
        link = maker.sign(target, role, tokens[2], for_s, _START_S)
    except ValueError as exc:
        return [] if exc.args == (row.get("fault"),) else ["fault %r" % exc.args]
    wrong = [] if "fault" not in row else ["no fault"]
    if not link.startswith(target):
        wrong.append("link %r" % link)
    path, _, query = link.partition("?")
    end_s = _START_S + for_s
    for about, found in (
        ("at once", maker.verify("GET", path, query, _START_S)),
        ("by HEAD", maker.verify("HEAD", path, query, _START_S)),
        ("in its last second", maker.verify("GET", path, query, end_s - 1)),
    ):
        if found != (role, tokens[2]):
            wrong.append("%s: %r" % (about, found))
    for about, found in (
        ("after", maker.verify("GET", path, query, end_s)),
        ("by PUT", maker.verify("PUT", path, query, _START_S)),
        ("another path", maker.verify("GET", path + "a", query, _START_S)),
        ("a slash more", maker.verify("GET", path + "/", query, _START_S)),
        ("something after it", maker.verify("GET", path, query + "&a=1", _START_S)),
        ("something before it", maker.verify("GET", path, "a=1&" + query, _START_S)),
        ("a digit less", maker.verify("GET", path, query[:-1], _START_S)),
        ("a digit more", maker.verify("GET", path, query + "0", _START_S)),
        ("upper case", maker.verify("GET", path, query[:-32] + query[-32:].upper(), _START_S)),
        ("a later end", maker.verify("GET", path, query.replace("link=", "link=1"), _START_S)),
        ("a zero before", maker.verify("GET", path, query.replace("link=", "link=0"), _START_S)),
        ("another role", maker.verify("GET", path, _turned(query), _START_S)),
        ("a token that was removed", _forgotten(maker, tokens).verify("GET", path, query, _START_S)),
    ):
        if found is not None:
            wrong.append("%s: %r" % (about, found))
    return wrong


def _turned(query):
    """Return the query of a link that says another role."""
    other = query.replace(".view.", ".control.")
    return other if other != query else query.replace(".control.", ".view.")


def _forgotten(maker, tokens):
    """Return `maker` when it knows all tokens but that of the rows."""
    maker.know([token for token in tokens if token is not tokens[2]])
    return maker


def run_faults(row):
    """Return what is wrong with the faults found in one access file, as a list of str."""
    text = row["text"] if "text" in row else json.dumps(row["access"])
    try:
        access = Access.from_json(text)
    except AccessError as exc:
        wrong = [] if str(exc).split("\n") == row.get("faults") else ["faults %r" % str(exc)]
        if "camcors_0" in str(exc) or "aaaaaaaaaaaaaaaa" in str(exc):
            wrong.append("a secret in the faults")
        return wrong + ["reason %r" % each.reason for each in exc.faults if each.reason not in REASONS]
    wrong = [] if "faults" not in row else ["no faults"]
    if (access.open_role, len(access.tokens)) != (row.get("open_role"), row.get("tokens")):
        wrong.append("open %r, %d tokens" % (access.open_role, len(access.tokens)))
    again = Access.from_json(access.to_json())
    if (again.to_json(), again.digest) != (access.to_json(), access.digest):
        wrong.append("the normal form is read as another")
    if tuple(access.in_force()) != (access.tokens, access.open_role, access.digest):
        wrong.append("in force is %r" % (access.in_force(),))
    return wrong


def run_headers(row):
    found = credentials.token(row["header"])
    return [] if found == row["token"] else ["token %r" % found]


def run_cookies(row):
    found = credentials.cookie(row["header"], COOKIE)
    return [] if found == row["value"] else ["value %r" % found]


def run_written(row):
    found = secret.canonical(row["text"])
    return [] if found == row["token"] else ["token %r" % found]


def run_needs(row):
    found = roles.needed(row["method"], row["path"])
    return [] if found == row["needs"] else ["needs %r" % found]


def run_hmac(row):
    key, data, digest = [binascii.unhexlify(row[name]) for name in ("key", "data", "digest")]
    found = Hmac(key).digest(data)[: len(digest)]
    return [] if found == digest else ["digest %r" % found]


def run_guesses(row):
    lock = Lock(b"key")
    found = [guesses.wrong(lock, at_s) for at_s in row["at_s"]]
    return [] if found == row["wait_ms"] and lock.guesses == len(found) else ["waits %r" % found]


TABLES = {
    "lock": run_lock,
    "senders": run_senders,
    "links": run_links,
    "faults": run_faults,
    "headers": run_headers,
    "cookies": run_cookies,
    "written": run_written,
    "needs": run_needs,
    "hmac": run_hmac,
    "guesses": run_guesses,
}


def main(folder):
    """Run all tables, print each failure and a count; return the number of failures."""
    runs = failures = 0
    for table, run in TABLES.items():
        for row in load(folder, table):
            runs += 1
            for wrong in run(row):
                failures += 1
                print("FAIL", table, row["name"] + ":", wrong)
    print("%d rows, %d failures, %s" % (runs, failures, sys.implementation.name))
    return failures


if __name__ == "__main__":
    here = __file__.rpartition("/")[0] or "."
    sys.exit(1 if main(sys.argv[1] if len(sys.argv) > 1 else here) else 0)
