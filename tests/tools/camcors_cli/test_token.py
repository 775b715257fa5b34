"""`camcors token` add, list, rotate and remove against a running camera."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import httpx
import pytest
from camcors_cli.access import document

from access import secret
from access.document import Access
from tests.kit.camera import OPEN, Camera
from tests.kit.line import Cut, Line, after_bytes, after_text

OPEN_VIEW = '{\n "open_view": "anyone in this network may watch"}'
TOKEN = re.compile(r"camcors_[0-9a-hjkmnp-tv-z]{26}")
HIDDEN = re.compile(r"(?i)camcors_[0-9a-z]{20}")  # or most of one
SHOWN = [
    "camcors: it is shown this once, and the camera has its hash only: keep it where nobody else reads it",
    "camcors: the camera's page asks for it; a program sends it as Authorization: Bearer, or as a password",
]
MAY = {
    "view": "look at the camera",
    "control": "look at the camera and set it",
    "admin": "look at the camera, set it and see who has a token",
}
LAST = "camcors: no token is left, so nobody gets in now; camcors token add NAME --role view makes one"
STAYS = "camcors: the camera stays open: anyone in this network may watch{}, by line {} of /access.json; "
STAYS += "remove that line to lock it"
NOT_STARTED = "camcors: the camera is not started; remove the file /disable if there is one, "
NOT_STARTED += "and start it with camcors reset"


@pytest.fixture(scope="module")
def locked(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Camera]:
    with Camera(tmp_path_factory.mktemp("locked") / "flash.bin", access=None) as running:
        yield running.wait_ready()


@pytest.fixture
def bare(locked: Camera) -> Camera:
    """A camera without /access.json."""
    locked.exec(
        "import os\nif 'access.json' in os.listdir('/'): os.remove('/access.json')\n"
        "from camcors import remote; remote.look()"
    )
    return locked


def put(camera: Camera, text: str) -> None:
    """Write /access.json, as a person does, and have it in force."""
    write = f"with open('/access.json', 'wb') as f: f.write({text.encode()!r})\n"
    camera.exec(write + "from camcors import remote; remote.look()")


def access(camera: Camera) -> Access:
    content = camera.content("access.json")
    return Access.from_json("{}" if content is None else content)


def stands(camera: Camera) -> dict[str, str]:
    """The roles in the file by the names."""
    return {token.name: token.role for token in access(camera).tokens}


def status(camera: Camera, token: str) -> int:
    return httpx.get(f"{camera.url}/api/status", headers={"Authorization": f"Bearer {token}"}).status_code


def add(camera: Camera, name: str = "kitchen", role: str = "view", *more: str) -> str:
    done = camera.camcors("token", "add", name, "--role", role, *more)
    assert done.returncode == 0, done.stderr
    return done.stdout.rstrip("\n")


@pytest.mark.parametrize("role", list(MAY))
def test_add_prints_the_token_and_nothing_else(bare: Camera, role: str) -> None:
    done = bare.camcors_process("token", "add", "kitchen", "--role", role)
    assert TOKEN.fullmatch(done.stdout.removesuffix("\n"))
    token = done.stdout.rstrip("\n")
    assert status(bare, token) == 200, "it is in force when the command returns"
    first = f"camcors: that is the token of kitchen, who may {MAY[role]}; in force"
    assert (done.stderr.splitlines(), done.returncode) == ([first, *SHOWN], 0)
    (kept,) = access(bare).tokens
    assert (kept.name, kept.role, kept.sha256) == ("kitchen", role, secret.hash_of(token))
    assert kept.created_s is not None and abs(kept.created_s - time.time()) < 60
    assert bare.content("access.json") == access(bare).to_json().encode() == bare.content("access.good.json")


def test_add_and_rotate_in_json(bare: Camera) -> None:
    for command in (["add", "kitchen", "--role", "control"], ["rotate", "KITCHEN"]):
        done = bare.camcors("token", *command, "--json")
        said = json.loads(done.stdout)
        (kept,) = access(bare).tokens
        assert said == {
            "name": "kitchen", "role": "control", "created_s": kept.created_s, "token": said["token"],
            "started": True,
        }  # fmt: skip
        assert kept.sha256 == secret.hash_of(said["token"])
        assert said["token"] not in done.stderr


def test_rotate_ends_the_old_token(bare: Camera) -> None:
    other, old = add(bare, "other", "admin"), add(bare, "hass", "control")
    done = bare.camcors_process("token", "rotate", "hass")
    new = done.stdout.rstrip("\n")
    assert TOKEN.fullmatch(new)
    assert [status(bare, each) for each in (other, new)] == [200, 200]
    assert status(bare, old) == 401
    first = (
        f"camcors: that is the token of hass, who may {MAY['control']}; in force; the old one counts no more"
    )
    assert (done.stderr.splitlines(), done.returncode) == ([first, *SHOWN], 0)
    assert stands(bare) == {"other": "admin", "hass": "control"}


def test_remove(bare: Camera) -> None:
    tokens = {name: add(bare, name) for name in ("a", "b")}
    done = bare.camcors_process("token", "remove", "A")
    assert (done.stdout, done.stderr) == ("the token of a is removed; in force\n", "")
    assert [status(bare, tokens[name]) for name in "ba"] == [200, 401]
    done = bare.camcors("token", "remove", "b", "--json")
    said = json.loads(done.stdout)
    assert said == {"name": "b", "role": "view", "created_s": said["created_s"], "started": True}
    assert (done.stderr, done.returncode) == (f"{LAST}\n", 0)
    assert status(bare, tokens["b"]) == 401
    for name in ("access.json", "access.good.json"):
        assert Access.from_json(bare.content(name) or b"").tokens == ()


# The file, what `list` says of it, what an addition notes.
OPENED = [
    (OPEN, "open: anyone in this network may watch and control, by line 1 of /access.json; ", ("control", 1)),
    (OPEN.replace(", ", ",\n\n"),
     "open: anyone in this network may watch and control, by line 3 of /access.json; ", ("control", 3)),
    (OPEN_VIEW, "open: anyone in this network may watch, by line 2 of /access.json; ", ("view", 2)),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said", "opened"), OPENED)
def test_an_open_camera(bare: Camera, text: str, said: str, opened: tuple[str, int]) -> None:
    role, line = opened
    put(bare, text)
    done = bare.camcors("token", "list")
    assert done.stdout == f"{said}remove that line to lock it\n"
    assert (done.stderr, done.returncode) == ("", 0)
    found = json.loads(bare.camcors("token", "list", "--json").stdout)
    assert found == {"state": "active", "open": role, "open_line": line, "tokens": [], "faults": []}

    notes = STAYS.format(" and control" if role == "control" else "", 3)  # in the file as it is written then
    for command in (["add", "kitchen", "--role", "view"], ["rotate", "kitchen"], ["remove", "kitchen"]):
        done = bare.camcors("token", *command)
        assert (done.stderr.splitlines()[-1], done.returncode) == (notes, 0)
        assert access(bare).open_role == role
        content = (bare.content("access.json") or b"").decode().splitlines()
        assert content[2].lstrip().startswith('"open')


def test_list(bare: Camera) -> None:
    done = bare.camcors("token", "list")
    none = "locked: nobody gets in yet; camcors token add NAME --role view makes a token\n"
    assert (done.stdout, done.stderr, done.returncode) == (none, "", 0)
    said = json.loads(bare.camcors("token", "list", "--json").stdout)
    assert said == {"state": "missing", "open": None, "open_line": None, "tokens": [], "faults": []}
    rows = [{"name": "a", "role": "view", "sha256": "a" * 64, "created_s": 1790000000},
            {"name": "b", "role": "admin", "sha256": "b" * 64}]  # fmt: skip
    bare.put("access.json", json.dumps({"tokens": rows}))  # seen by the question itself
    done = bare.camcors_process("token", "list")
    made = datetime.fromtimestamp(1790000000, timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    assert [line.split() for line in done.stdout.splitlines()[3:]] == [
        ["a", "view", *made.split()],
        ["b", "admin", "not", "known"],
    ]
    assert done.stdout.splitlines()[0] == "locked: who shows one of these tokens gets in"
    assert (done.stderr, done.returncode) == ("", 0)
    said = json.loads(bare.camcors("token", "list", "--json").stdout)
    for row in rows:
        row.setdefault("created_s", None)
        del row["sha256"]
    assert said == {"state": "active", "open": None, "open_line": None, "tokens": rows, "faults": []}


INVALID = '{"version": 1,\n "tokens": [\n  {"name": "a", "role": "view"}],\n "open": "yes"}'
FAULTS = [
    "/access.json:3: tokens[0].sha256: missing; write 64 digits of 0 to 9 and a to f, "
    "as camcors token add writes them",
    "/access.json:4: open: not the sentence that opens the camera; "
    'write "anyone in this network may watch and control", or remove it',
]
REMEDY = "nothing was changed; mpremote resume edit :access.json changes it, "
REMEDY += "mpremote resume rm :access.json removes it with all tokens"


def test_an_invalid_file_is_said_and_stays(bare: Camera) -> None:
    token = add(bare)
    put(bare, INVALID)
    for command in (["add", "b", "--role", "view"], ["rotate", "kitchen"], ["remove", "kitchen"]):
        done = bare.camcors("token", *command)
        said = ["camcors: /access.json is not a valid access file (2 faults)", *FAULTS, REMEDY]
        assert (done.stdout, done.stderr.splitlines(), done.returncode) == ("", said, 1)
    assert bare.content("access.json") == INVALID.encode()
    done = bare.camcors("token", "list")
    state = "camcors: /access.json is not valid; the tokens that counted before still do"
    assert done.stderr.splitlines() == [*[f"camcors: {line}" for line in FAULTS], state]
    assert [line.split()[:2] for line in done.stdout.splitlines()[3:]] == [["kitchen", "view"]]
    assert done.returncode == 1
    said = json.loads(bare.camcors("token", "list", "--json").stdout)
    assert [(each["line"], each["field"]) for each in said["faults"]] == [
        (3, "tokens[0].sha256"),
        (4, "open"),
    ]
    assert (said["state"], [each["name"] for each in said["tokens"]]) == ("invalid", ["kitchen"])
    assert status(bare, token) == 200


def full(count: int = 16) -> str:
    rows = [{"name": f"t{i}", "role": "view", "sha256": f"{i:064x}"} for i in range(count)]
    return json.dumps({"tokens": rows})


# A command, the file before, the exit status, what is said.
REFUSED: list[tuple[list[str], str, int, str]] = [
    (["add", "T0", "--role", "view"], full(1), 1,
     "camcors: there is a token t0 already; camcors token rotate t0 makes another for it"),
    (["add", "more", "--role", "view"], full(), 1,
     "camcors: tokens: too many; write at most 16; remove one that is not used; camcors token remove NAME"),
    (["rotate", "t9"], full(2), 1, "camcors: there is no token t9; those on the camera: t0, t1"),
    (["remove", "t9"], full(2), 1, "camcors: there is no token t9; those on the camera: t0, t1"),
    (["remove", "t9"], "{}", 1, "camcors: there is no token t9; those on the camera: none"),
    (["add", "a"], "{}", 2, "Error: Missing option '--role'. Choose from: view, control, admin"),
    (["add", "a", "--role", "all"], "{}", 2,
     "Error: Invalid value for '--role': 'all' is not one of 'view', 'control', 'admin'."),
    (["add", "a b", "--role", "view"], "{}", 2,
     "Error: Invalid value for 'NAME': not a name for a token; write letters, digits, hyphens, dots and "
     "underscores, at most 32, a letter or digit first"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("command", "text", "code", "said"), REFUSED, ids=[" ".join(row[0]) for row in REFUSED]
)
def test_what_is_refused(bare: Camera, command: list[str], text: str, code: int, said: str) -> None:
    put(bare, text)
    done = bare.camcors("token", *command)
    assert (done.stdout, done.stderr.splitlines()[-1], done.returncode) == ("", said, code)
    assert bare.content("access.json") == text.encode()


def test_what_the_person_wrote_besides_stays(bare: Camera) -> None:
    put(
        bare,
        '\ufeff{"$schema": "a/access.schema.json", "open": "anyone in this network may watch and control"}',
    )
    add(bare)
    content = json.loads(bare.content("access.json") or b"")
    assert list(content) == ["$schema", "version", "open", "tokens"]
    assert content["$schema"] == "a/access.schema.json"


def test_sixteen_tokens_are_made_and_fit(bare: Camera) -> None:
    put(bare, full(15))
    assert status(bare, add(bare, "x" * 32, "control")) == 200
    assert len(access(bare).tokens) == 16


def test_a_camera_that_is_not_started(program: Path, tmp_path: Path) -> None:
    with Camera(tmp_path / "flash.bin", access=None) as camera:
        camera.wait_ready()
        camera.disable()
        done = camera.camcors("token", "add", "a", "--role", "view")
        first = f"camcors: that is the token of a, who may {MAY['view']}; in force when the camera starts"
        assert (done.stderr.splitlines(), done.returncode) == ([NOT_STARTED, first, *SHOWN], 0)
        listed = camera.camcors("token", "list")
        assert (listed.stderr, listed.returncode) == (f"{NOT_STARTED}\n", 0)
        assert listed.stdout.splitlines()[3].split()[:2] == ["a", "view"]
        camera.exec("import os; os.remove('/disable')")
        assert camera.camcors("reset").returncode == 0
        assert status(camera, done.stdout.rstrip("\n")) == 200


def test_no_token_is_anywhere_else(bare: Camera) -> None:
    """Neither on the line to the camera, nor in its files and its log, nor in what other commands print."""
    with Line(bare.repl) as line:
        made = [add(bare, "a", "control", "--port", line.port)]
    sent = bytes(line.sent)
    made.append(bare.camcors("token", "rotate", "a").stdout.rstrip("\n"))
    shown: list[str] = [sent.decode(errors="replace")]
    for command in (["token", "list"], ["info"], ["logs"], ["policy", "show"], ["wifi", "status"],
                    ["token", "remove", "b"], ["token", "remove", "a"]):  # fmt: skip
        for more in ([], ["--json"]):
            done = bare.camcors(*command, *more)
            shown += [done.stdout, done.stderr]
    files = bare.exec(
        "import os\nfor n in os.ilistdir('/'):\n if n[1] == 0x8000: print(open('/' + n[0], 'rb').read())"
    )
    shown += [files, *bare.drain()]
    assert all(TOKEN.fullmatch(each) for each in made)
    for text in shown:
        assert not HIDDEN.search(text)


# --- Two edits at once.

_MAIN = """
from access.roles import PUBLIC
from camcors import access, app

@app.post("/edit")
@access.public
async def edit(request):
    with open(request.args["path"], "w") as f:
        f.write(request.body.decode())
    return "done"
"""
OTHER = '{"tokens": [{"name": "other", "role": "view", "sha256": "%s"}]}' % ("0" * 64)


@pytest.fixture(scope="module")
def editable(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Camera]:
    """A camera on which another edits a file by /edit."""
    with Camera(tmp_path_factory.mktemp("editable") / "flash.bin") as running:
        running.wait_ready()
        running.put("main.py", _MAIN)
        running.reset()
        yield running.wait_ready()


# A command, the file that it changes, before; and what another makes of it meanwhile.
EDITS = [
    (["token", "add", "mine", "--role", "view"], "/access.json", OPEN, OTHER),
    (["token", "add", "mine", "--role", "view"], "/access.json", None, OTHER),
    (["token", "remove", "other"], "/access.json", OTHER, OPEN),
    (["token", "rotate", "other"], "/access.json", OTHER, OPEN),
    (["policy", "allow", "https://a.example"], "/policy.json", '{"version": 1}', '{"max_age": 5}'),
    (["policy", "push", "-", "--yes"], "/policy.json", '{"version": 1}', '{"max_age": 5}'),
    (["wifi", "set", "home", "--open"], "/camera.json", '{"port": 81}', '{"port": 82}'),
    (["wifi", "set", "home", "--open"], "/camera.json", None, '{"port": 82}'),
]


@pytest.mark.parametrize("edit", EDITS, ids=[f"{' '.join(row[0][:2])}, {row[2] is None}" for row in EDITS])
def test_of_two_edits_at_once_none_is_lost(
    editable: Camera, edit: tuple[list[str], str, str | None, str]
) -> None:
    command, path, before, other = edit
    camera = editable
    write = f"import os\nif {path[1:]!r} in os.listdir('/'): os.remove({path!r})\n"
    if before is not None:
        write += f"with open({path!r}, 'w') as f: f.write({before!r})\n"
    camera.exec(write + "from camcors import remote; remote.look()")
    asked: list[int] = []

    def edit_before_the_save(sent: bytes) -> int | None:
        if f"_remote.save('{path}'".encode() in sent and not asked:
            asked.append(httpx.post(f"{camera.url}/edit?path={path}", content=other).status_code)
        return None

    with Line(camera.repl, cut=edit_before_the_save) as line:
        done = camera.camcors(*command, "--port", line.port, stdin='{"version": 1, "max_age": 7}')
    assert asked == [200]
    assert done.stderr.splitlines()[-1].endswith(
        f"{path} was changed by another meanwhile; try again; nothing was changed"
    )
    assert done.returncode == 4
    assert not TOKEN.search(done.stdout)
    assert camera.content(path[1:]) == other.encode()


def test_a_save_whose_answer_was_garbled_is_no_edit_of_another(bare: Camera) -> None:
    """The question is asked again, and the file is by then the new one."""
    state = {"saved": False, "garbled": False}

    def watch(sent: bytes) -> int | None:
        state["saved"] = state["saved"] or b"_remote.save('/access.json'" in sent
        return None

    def garble(piece: bytes) -> bytes:
        if state["garbled"] or not state["saved"] or b"\x1e" not in piece:
            return piece
        state["garbled"] = True
        return piece.replace(b"\x1e", b"\x1ecamcors: a fault\r\n", 1)

    with Line(bare.repl, cut=watch, garble=garble) as line:
        token = add(bare, "a", "view", "--port", line.port)
    assert state["garbled"]
    assert line.sent.count(b"_remote.save('/access.json'") == 2
    assert status(bare, token) == 200


# --- A line that is cut.

SAVE = "_remote.save('/access.json', "
# What the host has sent by then, and whether the new file is written.
STAGES: list[tuple[str, Cut, bool]] = [
    ("connecting", after_bytes(0), False),
    ("entering the raw REPL", after_text("\x01"), False),
    ("asking for the file", after_text("_remote.begin('/access.json', 1024)"), False),
    ("sending it", after_text("_remote.collect("), False),
    ("before the save", after_text(SAVE), False),
    ("the save", after_text("_remote.digest('/access.json')]) + '\\x1f')\x04"), True),
    ("the wait", after_text("_remote.look()"), True),
]  # fmt: skip
ACTS = [
    (["add", "b", "--role", "control"], {"a": "view"}, {"a": "view", "b": "control"}),
    (["remove", "b"], {"a": "view", "b": "control"}, {"a": "view"}),
]


def file_of(roles: dict[str, str]) -> str:
    rows = [{"name": name, "role": roles[name], "sha256": f"{ord(name):064x}"} for name in roles]
    return json.dumps({"tokens": rows})


_SETTLED = """
from camcors import remote
remote.look()
with open("/access.json") as f: print(remote.access(), end="\\x00" + f.read())
"""


def settled(camera: Camera) -> dict[str, str]:
    """The roles in the file by the names, which are in force then."""
    in_force, file = map(Access.from_json, camera.exec(_SETTLED).split("\0"))
    assert in_force.digest == file.digest
    return {token.name: token.role for token in file.tokens}


@pytest.mark.parametrize(("command", "before", "after"), ACTS, ids=["add", "remove"])
@pytest.mark.parametrize(("cut", "written"), [row[1:] for row in STAGES], ids=[row[0] for row in STAGES])
def test_unplugged_at_each_stage(
    bare: Camera, cut: Cut, written: bool, command: list[str], before: dict[str, str], after: dict[str, str]
) -> None:
    put(bare, file_of(before))
    with Line(bare.repl, cut) as line:
        done = bare.camcors("token", *command, "--port", line.port)
    assert line.was_cut
    assert (done.stdout, done.returncode) == ("", 3), "a token is printed only once it is in force"
    assert done.stderr.endswith("; check the cable and try again\n")
    assert settled(bare) == (after if written else before)
    again = bare.camcors("token", *command)
    if not written:
        assert again.returncode == 0
    else:
        remedy = {"add": "camcors token rotate b makes another for it", "remove": "those on the camera: "}
        assert remedy[command[0]] in again.stderr
    assert settled(bare) == after


@pytest.mark.parametrize(("command", "before", "after"), ACTS, ids=["add", "remove"])
def test_unplugged_after_any_number_of_bytes(
    bare: Camera, command: list[str], before: dict[str, str], after: dict[str, str]
) -> None:
    put(bare, file_of(before))
    with Line(bare.repl) as whole:
        assert bare.camcors("token", *command, "--port", whole.port).returncode == 0
    last = len(whole.sent) - 40  # in the question whether it is in force
    seen = set()
    for count in (*range(1, last, len(whole.sent) // 9), last):
        put(bare, file_of(before))
        with Line(bare.repl, after_bytes(count)) as line:
            done = bare.camcors("token", *command, "--port", line.port)
        assert (line.was_cut, done.stdout, done.returncode) == (True, "", 3)
        found = settled(bare)
        assert found in (before, after)
        seen.add(found == after)
    assert seen == {False, True}


def test_every_role_has_its_words() -> None:
    assert document.MAY == MAY


def test_help_says_what_a_role_may(bare: Camera) -> None:
    shown: Any = bare.camcors("token", "add", "--help").stdout
    for word in ("view: look.", "control: change settings", "admin: see"):
        assert word in " ".join(shown.split())
