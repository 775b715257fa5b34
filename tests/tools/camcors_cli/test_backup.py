"""camcors backup and restore, against the camera on the desk."""

from __future__ import annotations

import hashlib
import io
import json
import random
import re
import stat
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from camcors_cli.access import document as access_document
from camcors_cli.access.widening import widenings as access_widenings
from camcors_cli.device.board import Board
from camcors_cli.ui.output import Output

from access.document import SENTENCES
from tests.kit.camera import Camera
from tests.kit.line import Line

PASSWORD = "correct horse battery"
POLICY = b'{"version": 1, "allowed_origins": ["https://a.example"]}'
OTHER = b'{"version": 1, "allowed_origins": ["https://b.example"]}'
SETTINGS = json.dumps({"wifi": {"ssid": "Home", "password": PASSWORD}}).encode()

CONTENT = {
    "/policy.json": POLICY,
    "/camera.json": SETTINGS,
    "/empty": b"",
    "/main.py": b"# mine\n",
    "/data/all bytes": bytes(range(256)) * 5,
    "/data/deep/random.bin": random.Random(3).randbytes(3000),
}

_TREE = """
import os, json, hashlib
def tree(path, found):
    for e in os.ilistdir(path or '/'):
        if e[1] & 0x4000:
            found[path + '/' + e[0]] = None
            tree(path + '/' + e[0], found)
        else:
            with open(path + '/' + e[0], 'rb') as f:
                found[path + '/' + e[0]] = hashlib.sha256(f.read()).digest().hex()
    return found
print(json.dumps(tree('', {})))
"""

_CLEAR = """
import os
def clear(path):
    for e in os.ilistdir(path or '/'):
        name = path + '/' + e[0]
        if e[1] & 0x4000:
            clear(name)
            os.rmdir(name)
        else:
            os.remove(name)
clear('')
"""


def tree(camera: Camera) -> dict[str, str | None]:
    """The hash of each file on the camera by path, None of a folder."""
    return json.loads(camera.exec(_TREE))


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def fill(camera: Camera, content: dict[str, bytes], code: str = "") -> None:
    """Write files on the camera, after `code`."""
    code += (
        "import os\nfor d in ('/data', '/data/deep', '/hollow'):\n try: os.mkdir(d)\n except OSError: pass\n"
    )
    for name, data in content.items():
        code += f"with open({name!r}, 'wb') as f: f.write({data!r})\n"
    camera.exec(code)


@pytest.fixture(scope="module")
def stopped(camera: Camera) -> Camera:
    """The camera, not started: it would write files of its own."""
    camera.disable()
    return camera


@pytest.fixture
def clean(stopped: Camera) -> Camera:
    """The camera, not started, with CONTENT and an empty folder and nothing else."""
    fill(stopped, CONTENT, _CLEAR)
    return stopped


@pytest.fixture
def saved(clean: Camera, on, tmp_path: Path) -> Path:
    path = tmp_path / "backup.zip"
    done = on(clean, "backup", path)
    assert done.exit_code == 0, done.stderr
    return path


def test_a_backup_has_every_byte(clean: Camera, on, tmp_path: Path) -> None:
    path = tmp_path / "b.zip"
    done = on(clean, "backup", path, "--json")
    assert done.exit_code == 0
    said = json.loads(done.stdout)
    with zipfile.ZipFile(path) as packed:
        assert packed.testzip() is None
        manifest = json.loads(packed.read("manifest.json"))
        files = {name[5:]: packed.read(name) for name in packed.namelist() if name != "manifest.json"}
    assert files == CONTENT
    assert manifest["format"] == "camcors-backup-1"
    assert manifest["board"] == "HOST"
    assert (manifest["firmware"], manifest["machine"]) == ("0.1.0", "camcors HOST")
    assert manifest["folders"] == ["/data", "/data/deep", "/hollow"]
    assert manifest["files"] == {n: {"size": len(d), "sha256": sha(d)} for n, d in CONTENT.items()}
    assert said["files"] == {name: len(data) for name, data in CONTENT.items()}
    assert (said["file"], said["date"], said["holds_password"]) == (str(path), manifest["date"], True)


def test_a_backup_is_for_its_owner_alone(clean: Camera, on, tmp_path: Path) -> None:
    path = tmp_path / "b.zip"
    done = on(clean, "backup", path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert done.stderr == f"camcors: {path} holds the Wi-Fi password; only you may read it, keep it so\n"
    assert PASSWORD not in done.stdout
    size = sum(map(len, CONTENT.values()))
    assert done.stdout == f"{path}: 6 files, {size} bytes, of HOST\n"


def test_a_backup_in_a_folder_gets_a_name(clean: Camera, on, tmp_path: Path) -> None:
    assert on(clean, "backup", tmp_path).exit_code == 0
    (made,) = tmp_path.glob("camcors-HOST-*.zip")
    assert made.name.endswith("Z.zip")


def test_a_backup_does_not_overwrite(clean: Camera, on, tmp_path: Path) -> None:
    path = tmp_path / "b.zip"
    path.write_text("mine")
    done = on(clean, "backup", path)
    assert (done.exit_code, done.stderr) == (
        4,
        f"camcors: {path} exists; choose another name, or add --force\n",
    )
    assert path.read_text() == "mine"
    assert on(clean, "backup", path, "--force").exit_code == 0


def test_what_was_saved_comes_back(clean: Camera, saved: Path, on) -> None:
    before = tree(clean)
    clean.exec(_CLEAR)
    done = on(clean, "restore", saved, "--json")
    assert done.exit_code == 0
    assert sorted(json.loads(done.stdout)["written"]) == sorted(CONTENT)
    assert tree(clean) == before


# --- The certificate of a camera, and its key.

CERTIFICATE, KEY = "/tls/cert.der", "/tls/key.der"
PAIR = {CERTIFICATE: b"certificate 1", KEY: b"key 1"}
OTHER_PAIR = {CERTIFICATE: b"certificate 2", KEY: b"key 2"}
_TLS = "import os\ntry: os.mkdir('/tls')\nexcept OSError: pass\n"


def pair(camera: Camera) -> dict[str, bytes]:
    """What lies in /tls, by path."""
    return {
        name: bytes.fromhex(camera.exec(f"print(open({name!r}, 'rb').read().hex())"))
        for name in tree(camera)
        if name.startswith("/tls/")
    }


def packed(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def test_the_key_is_left_out_unless_it_is_asked_for(clean: Camera, on, tmp_path: Path) -> None:
    left = f"{KEY}.new"  # of a power cut
    fill(clean, {**PAIR, left: b"key 0"}, _TLS)
    done = on(clean, "backup", tmp_path / "b.zip")
    assert done.exit_code == 0
    names = f"{CERTIFICATE}, {KEY}, {left}"
    note = f"camcors: left out: {names}; --with-secrets saves them, camcors tls setup makes others"
    assert done.stderr.splitlines()[1:] == [note]
    for content in packed(tmp_path / "b.zip").values():
        assert b"key 0" not in content and b"key 1" not in content
    said = json.loads(on(clean, "backup", tmp_path / "c.zip", "--json").stdout)
    assert (said["left_out"], sorted(said["files"])) == ([CERTIFICATE, KEY, left], sorted(CONTENT))
    done = on(clean, "backup", tmp_path / "d.zip", "--with-secrets")
    path = tmp_path / "d.zip"
    assert done.stderr.splitlines() == [
        f"camcors: {path} holds the Wi-Fi password; only you may read it, keep it so",
        f"camcors: {path} holds the camera's key for https; only you may read it, keep it so",
    ]
    assert packed(path)[f"files{KEY}"] == b"key 1"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    done = on(clean, "restore", path, "--json")
    assert json.loads(done.stdout)["written"] == []


# What the backup has, what is on the board then, whether --delete is given; what is there afterwards, and the
# note.
NEITHER = (
    f"camcors: neither in the backup nor on the board: {CERTIFICATE}, {KEY}; camcors tls setup makes others"
)
PAIRS: list[tuple[bool, dict[str, bytes], bool, dict[str, bytes], list[str]]] = [
    (False, OTHER_PAIR, False, OTHER_PAIR, []),
    (False, OTHER_PAIR, True, OTHER_PAIR, []),
    (False, {}, False, {}, [NEITHER]),
    (False, {}, True, {}, [NEITHER]),
    (True, OTHER_PAIR, False, PAIR, []),
    (True, OTHER_PAIR, True, PAIR, []),
    (True, {}, False, PAIR, []),
    (True, {KEY: b"key 1", CERTIFICATE: b"certificate 2"}, False, PAIR, []),
    (True, {KEY: b"key 2", CERTIFICATE: b"certificate 1"}, False, PAIR, []),
]


@pytest.mark.parametrize(("has_key", "board", "delete", "after", "notes"), PAIRS)
def test_a_pair_comes_back_or_stays(
    clean: Camera, on, tmp_path: Path, has_key: bool, board, delete: bool, after, notes: list[str]
) -> None:
    fill(clean, PAIR, _TLS)
    assert on(clean, "backup", tmp_path / "b.zip", *["--with-secrets"] * has_key).exit_code == 0
    fill(clean, {**CONTENT, **board}, _CLEAR + _TLS)
    done = on(clean, "restore", tmp_path / "b.zip", *["--delete"] * delete)
    assert (done.stderr.splitlines(), done.exit_code) == (notes, 0)
    assert pair(clean) == after


def test_the_pair_of_a_camera_goes_if_a_backup_of_before_had_none(clean: Camera, saved: Path, on) -> None:
    fill(clean, PAIR, _TLS)
    done = on(clean, "restore", saved, "--delete", "--json")
    assert json.loads(done.stdout)["removed"] == [CERTIFICATE, KEY, "/tls"]


def test_a_pair_is_written_so_that_a_cut_leaves_no_half(clean: Camera, on, tmp_path: Path) -> None:
    fill(clean, PAIR, _TLS)
    assert on(clean, "backup", tmp_path / "b.zip", "--with-secrets").exit_code == 0
    fill(clean, {**OTHER_PAIR, "/main.py": b"# another\n"}, _TLS)
    with Line(clean.repl) as line:
        done = clean.camcors("restore", str(tmp_path / "b.zip"), "--port", line.port)
    assert done.returncode == 0, done.stderr
    acts = re.findall(rb"_remote\.(remove|rename)\((.*?)\)\x04", bytes(line.sent))
    assert [(name, paths.split(b", ")[-1]) for name, paths in acts] == [
        (b"rename", b"'/main.py'"),
        (b"remove", b"'/tls/cert.der'"),
        (b"rename", b"'/tls/key.der'"),
        (b"rename", b"'/tls/cert.der'"),
    ]


def test_what_is_the_same_is_left_alone_and_what_is_new_kept(clean: Camera, saved: Path, on) -> None:
    before = tree(clean)
    fill(clean, {"/main.py": b"# other\n", "/new": b"new", "/hollow/new": b""})
    done = on(clean, "restore", saved, "--json")
    said = json.loads(done.stdout)
    assert (said["written"], said["removed"]) == (["/main.py"], [])
    assert sorted(said["unchanged"]) == sorted(set(CONTENT) - {"/main.py"})
    assert tree(clean) == {**before, "/new": sha(b"new"), "/hollow/new": sha(b"")}


def test_delete_removes_what_is_not_in_the_backup(clean: Camera, saved: Path, on) -> None:
    before = tree(clean)
    clean.exec(
        "import os; os.mkdir('/x'); os.mkdir('/x/y'); open('/x/y/z', 'w').close(); open('/new', 'w').close()"
    )
    done = on(clean, "restore", saved, "--delete")
    assert done.exit_code == 0
    assert (
        done.stdout
        == "0 files written, 6 were the same, 4 removed; camcors reset starts the board with them\n"
    )
    assert tree(clean) == before


def changed(path: Path, change: Callable[[dict, dict], None]) -> None:
    """Rewrite the backup after `change` of its manifest and its members."""
    with zipfile.ZipFile(path) as packed:
        members = {name: packed.read(name) for name in packed.namelist()}
    manifest = json.loads(members.pop("manifest.json"))
    change(manifest, members)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as packed:
        packed.writestr("manifest.json", json.dumps(manifest))
        for name, data in members.items():
            packed.writestr(name, data)
    path.write_bytes(made.getvalue())


def put(manifest: dict, members: dict, name: str, data: bytes) -> None:
    manifest["files"][name] = {"size": len(data), "sha256": sha(data)}
    members["files" + name] = data


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m, f: f.update({"files/empty": b"x"}), "/empty is not what the manifest says"),
        (lambda m, f: f.pop("files/empty"), "it is not complete"),
        (lambda m, f: m.pop("files"), "its manifest is damaged"),
        (lambda m, f: m.update(files=[]), "its manifest is damaged"),
        (lambda m, f: m.update(left_out="/a"), "its manifest is damaged"),
        (lambda m, f: m.update(left_out=[7]), "7: not a text"),
        (lambda m, f: m.update(left_out=["/../a"]), "'/../a': not the name of a file"),
        (lambda m, f: m.update(format="other"), "it has another format"),
        (lambda m, f: m["folders"].append("/../x"), "'/../x': not the name of a file"),
        (lambda m, f: put(m, f, "/a//b", b""), "'/a//b': not the name of a file"),
        (lambda m, f: put(m, f, "rel", b""), "'rel': not a path from the root"),
        (lambda m, f: put(m, f, "/a\nb", b""), "'/a\\nb': not the name of a file"),
        (lambda m, f: put(m, f, "/bomb", bytes(65 << 20)), "it unpacks to more than 67108864 bytes"),
    ],
)
def test_a_damaged_backup_is_refused(clean: Camera, saved: Path, on, change, message: str) -> None:
    before = tree(clean)
    changed(saved, change)
    done = on(clean, "restore", saved)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith(f"camcors: {saved} is not a camcors backup: ")
    assert message in done.stderr
    assert tree(clean) == before


def test_a_file_that_is_no_zip_is_refused(on, camera: Camera, tmp_path: Path) -> None:
    path = tmp_path / "b.zip"
    path.write_text("text")
    done = on(camera, "restore", path)
    assert done.exit_code == 1
    assert "is not a camcors backup: File is not a zip file" in done.stderr


def test_a_faulty_policy_is_refused_before_anything_is_written(clean: Camera, saved: Path, on) -> None:
    clean.exec(_CLEAR)
    faulty = b'{"version": 1, "allowed_origins": ["https://A.example"]}'
    changed(saved, lambda m, f: put(m, f, "/policy.json", faulty))
    done = on(clean, "restore", saved, "--json")
    assert done.exit_code == 1
    assert 'write "https://a.example"' in done.stderr
    assert json.loads(done.stdout)["faults"][0]["field"] == "allowed_origins[0]"
    assert tree(clean) == {}


WIDE = b'{"version": 1, "allowed_origins": "*"}'
WIDER = [
    'allowed_origins: "*": every page may read and show the camera\'s pictures and answers',
    'allowed_origins: "*": every page may send any method',
]
REFUSED = "not saved: the backup lets in more than before, and there is no terminal to ask at"


class TestAWiderPolicy:
    @pytest.fixture
    def wide(self, clean: Camera, saved: Path) -> Path:
        """A backup of CONTENT with WIDE, and another /main.py on the camera."""
        changed(saved, lambda m, f: put(m, f, "/policy.json", WIDE))
        fill(clean, {"/main.py": b"# other\n"})
        return saved

    def test_is_refused_without_a_terminal(self, clean: Camera, wide: Path, on) -> None:
        before = tree(clean)
        done = on(clean, "restore", wide, "--json")
        assert (done.exit_code, json.loads(done.stdout)["wider"]) == (1, WIDER)
        assert done.stderr.splitlines()[:3] == [f"camcors: {REFUSED}", *WIDER]
        assert tree(clean) == before

    @pytest.mark.parametrize("answer", [True, False])
    def test_is_asked_about_on_a_terminal(self, clean: Camera, wide: Path, on, monkeypatch, answer) -> None:
        before, asked = tree(clean), []
        monkeypatch.setattr(Output, "can_ask", True)
        monkeypatch.setattr(Output, "ask", lambda self, question: asked.append(question) or answer)
        done = on(clean, "restore", wide)
        said = [f"camcors: wider than before: {line}" for line in WIDER]
        assert (asked, done.stderr.splitlines()[:2]) == (["Save it all the same?"], said)
        assert done.exit_code == (0 if answer else 1)
        restored = {**before, "/policy.json": sha(WIDE), "/main.py": sha(CONTENT["/main.py"])}
        assert tree(clean) == (restored if answer else before)

    def test_is_restored_with_yes_and_asked_about_once(self, clean: Camera, wide: Path, on) -> None:
        done = on(clean, "restore", wide, "--yes", "--json")
        assert (done.exit_code, json.loads(done.stdout)["wider"]) == (0, WIDER)
        assert clean.content("policy.json") == WIDE
        fill(clean, {"/main.py": b"# other\n"})
        assert on(clean, "restore", wide).exit_code == 0, "the board has that policy already"


def access_file(opened: str = "", **tokens: str) -> bytes:
    """An access file with tokens of these roles; opened: a field that opens it."""
    rows = [{"name": name, "role": role, "sha256": f"{ord(name):064x}"} for name, role in tokens.items()]
    sentence = {opened: SENTENCES[opened][0]} if opened else {}
    return json.dumps({**sentence, "tokens": rows}).encode()


GETS_IN = "/access.json: the token of {} gets in, with the role {}"
OPENS = "/access.json: anyone in this network may watch"
# The file on the board, that in the backup, whom it lets in.
LETS_IN: list[tuple[bytes | None, bytes, list[str]]] = [
    (None, access_file(a="view"), [GETS_IN.format("a", "view")]),
    (b"{", access_file(a="view"), [GETS_IN.format("a", "view")]),
    (access_file(a="view"), access_file(a="view", b="admin"), [GETS_IN.format("b", "admin")]),
    (access_file(a="view"), access_file(a="control"),
     ["/access.json: the token of a gets the role control; it has view"]),
    (access_file(a="control"), access_file(a="view"), []),
    (access_file(a="view", b="view"), access_file(b="view"), []),
    (access_file(a="view"), b"{}", []),
    (access_file(), access_file("open_view"), [OPENS]),
    (access_file("open_view"), access_file("open"), [f"{OPENS} and control"]),
    (access_file("open"), access_file("open_view"), []),
    (access_file("open"), access_file("open", a="view"), [GETS_IN.format("a", "view")]),
    (access_file(a="view"), access_file("open", a="view", b="view"),
     [f"{OPENS} and control", GETS_IN.format("b", "view")]),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "lines"), LETS_IN)
def test_whom_an_access_file_lets_in(before: bytes | None, after: bytes, lines: list[str]) -> None:
    assert list(access_widenings(access_document.stands(before), access_document.stands(after))) == lines


class TestTokensThatComeBack:
    A, AB = access_file(a="view"), access_file(a="view", b="admin")
    LINE = GETS_IN.format("b", "admin")

    @pytest.fixture
    def older(self, clean: Camera, saved: Path) -> Path:
        """A backup of a camera that knew another token."""
        changed(saved, lambda m, f: put(m, f, "/access.json", self.AB))
        fill(clean, {"/access.json": self.A})
        return saved

    def test_are_asked_about(self, clean: Camera, older: Path, on, monkeypatch) -> None:
        before = tree(clean)
        done = on(clean, "restore", older, "--json")
        assert (done.exit_code, json.loads(done.stdout)["wider"]) == (1, [self.LINE])
        assert done.stderr.splitlines()[:2] == [f"camcors: {REFUSED}", self.LINE]
        assert tree(clean) == before
        asked: list[str] = []
        monkeypatch.setattr(Output, "can_ask", True)
        monkeypatch.setattr(Output, "ask", lambda self, question: asked.append(question) or True)
        done = on(clean, "restore", older)
        assert (asked, done.exit_code) == (["Save it all the same?"], 0)
        assert done.stderr == f"camcors: wider than before: {self.LINE}\n"
        assert clean.content("access.json") == self.AB
        assert on(clean, "restore", older).stderr == "", "the board has them already"

    def test_come_back_with_yes(self, clean: Camera, older: Path, on) -> None:
        done = on(clean, "restore", older, "--yes", "--json")
        assert (done.exit_code, json.loads(done.stdout)["wider"]) == (0, [self.LINE])
        assert clean.content("access.json") == self.AB

    def test_are_found_in_the_copy_and_whatever_the_backup_is_of(
        self, clean: Camera, older: Path, on
    ) -> None:
        def change(manifest: dict, packed: dict) -> None:
            put(manifest, packed, "/access.json", self.A)
            put(manifest, packed, "/access.good.json", self.AB)
            manifest["firmware"] = None

        changed(older, change)
        done = on(clean, "restore", older, "--json")
        assert (done.exit_code, json.loads(done.stdout)["wider"]) == (1, [self.LINE])

    def test_with_a_policy_they_are_one_question(self, clean: Camera, older: Path, on) -> None:
        changed(older, lambda m, f: put(m, f, "/policy.json", WIDE))
        done = on(clean, "restore", older, "--json")
        assert (done.exit_code, json.loads(done.stdout)["wider"]) == (1, [*WIDER, self.LINE])


def test_a_faulty_access_file_is_refused_before_anything_is_written(clean: Camera, saved: Path, on) -> None:
    clean.exec(_CLEAR)
    changed(saved, lambda m, f: put(m, f, "/access.json", b'{"tokens": [],\n "open": "yes"}'))
    done = on(clean, "restore", saved)
    said = [
        f"camcors: {saved}:/access.json is not a valid access file (1 fault)",
        f"{saved}:/access.json:2: open: not the sentence that opens the camera; "
        'write "anyone in this network may watch and control", or remove it',
    ]
    assert (done.exit_code, done.stderr.splitlines()) == (1, said)
    assert tree(clean) == {}

    def other(manifest: dict, packed: dict) -> None:
        manifest["firmware"] = None

    changed(saved, other)
    assert on(clean, "restore", saved).exit_code == 0, "it is another program's"


def test_a_backup_has_the_hashes_and_says_nothing_of_them(clean: Camera, on, tmp_path: Path) -> None:
    fill(clean, {"/access.json": access_file(a="view"), "/camera.json": b"{}"})
    done = on(clean, "backup", tmp_path / "b.zip")
    assert (done.exit_code, done.stderr) == (0, "")


def test_faulty_settings_are_refused_before_anything_is_written(clean: Camera, saved: Path, on) -> None:
    clean.exec(_CLEAR)
    faulty = b'{"camera": {"quality": 200},\n "port": 0}'
    changed(saved, lambda m, f: put(m, f, "/camera.json", faulty))
    done = on(clean, "restore", saved)
    assert (done.exit_code, done.stderr.splitlines()) == (
        1,
        [
            f"camcors: {saved}:/camera.json is not a valid settings file (2 faults)",
            f"{saved}:/camera.json:1: camera.quality: 200: out of range; write a whole number from 1 to 100",
            f"{saved}:/camera.json:2: port: 0: out of range; write a whole number from 1 to 65535",
        ],
    )
    assert tree(clean) == {}


@pytest.mark.parametrize("facts", [{"firmware": None}, {"board": "MINE"}, {"board": ["HOST"]}])
def test_what_another_board_or_program_calls_camera_json(clean: Camera, saved: Path, on, facts: dict) -> None:
    """A board that nobody here knows may have any camera; without our firmware the file is not ours."""
    text = b'{"camera": {"zoom": 2}}' if "board" in facts else b"not ours"

    def change(manifest: dict, members: dict) -> None:
        manifest.update(facts)
        put(manifest, members, "/camera.json", text)

    changed(saved, change)
    assert on(clean, "restore", saved).exit_code == 0
    assert clean.content("camera.json") == text


def test_a_file_in_the_place_of_a_folder_is_refused(clean: Camera, saved: Path, on) -> None:
    clean.exec(_CLEAR)
    fill(clean, {})
    clean.exec("import os\nos.mkdir('/empty')")
    before = tree(clean)
    done = on(clean, "restore", saved)
    assert done.exit_code == 1
    assert "/empty is a file in the backup, and not on the board; nothing was changed" in done.stderr
    assert tree(clean) == before


def test_what_does_not_fit_is_refused_with_numbers(clean: Camera, saved: Path, on) -> None:
    changed(saved, lambda m, f: put(m, f, "/large", bytes(3 << 20)))
    before = tree(clean)
    done = on(clean, "restore", saved)
    assert done.exit_code == 1
    assert "the files take 3145728 bytes, and the board has 78" in done.stderr
    assert tree(clean) == before


# About 400 bytes connect, list and hash; the rest is spread over the writing of six files.
@pytest.mark.parametrize("size", [2500, 3600, 6000, 9000, 12_000])
def test_a_line_that_is_cut_leaves_every_file_old_or_new(
    clean: Camera, saved: Path, run, on, cut, size: int
) -> None:
    old = {name: data + b" old" for name, data in CONTENT.items()} | {"/policy.json": OTHER}
    fill(clean, old)
    line = cut(clean, size)
    done = run("restore", saved, "--port", line.url)
    line.wait()
    assert done.exit_code == (3 if line.sent == size else 0), done.stderr
    found = tree(clean)
    for name in CONTENT:
        assert found[name] in (sha(old[name]), sha(CONTENT[name])), name
    done = on(clean, "restore", saved, "--delete")
    assert done.exit_code == 0, done.stderr
    assert {n: h for n, h in tree(clean).items() if h} == {n: sha(d) for n, d in CONTENT.items()}


def test_what_arrives_garbled_leaves_the_old_file(clean: Camera, saved: Path, on, monkeypatch) -> None:
    fill(clean, {"/main.py": b"# other\n"})
    before = tree(clean)
    real = Board._run
    monkeypatch.setattr(
        Board, "_run", lambda self, code, *what: real(self, code.replace("mine", "nine"), *what)
    )
    done = on(clean, "restore", saved)
    assert done.exit_code == 4
    assert "/main.py.new: verification failed; try again" in done.stderr
    assert tree(clean) == before


def test_a_power_cut_leaves_every_file_old_or_new(program, saved: Path, run, cut, tmp_path: Path) -> None:
    flash = tmp_path / "power.bin"
    with Camera(flash) as camera:
        camera.wait_ready()
        assert run("restore", saved, "--port", camera.repl).exit_code == 0
        fill(camera, {name: b"# old " + name.encode() for name in CONTENT if name != "/policy.json"})
        line = cut(camera, 9000)
        done = run("restore", saved, "--port", line.url)
        assert done.exit_code == 3
        camera.process.kill()
    with Camera(flash) as camera:
        camera.wait_for("ready")
        found = tree(camera)
    for name in set(CONTENT) - {"/policy.json"}:
        assert found[name] in (sha(b"# old " + name.encode()), sha(CONTENT[name])), name
    assert found["/policy.json"] == sha(POLICY)


def test_a_restored_policy_is_in_force_without_a_reset(new_camera: Camera, on, tmp_path: Path) -> None:
    path = tmp_path / "b.zip"
    digest = httpx.get(f"{new_camera.url}/api/status").json()["policy"]["digest"]
    assert on(new_camera, "backup", path).exit_code == 0
    assert on(new_camera, "policy", "allow", "https://b.example").exit_code == 0
    assert on(new_camera, "restore", path).exit_code == 0
    end = time.monotonic() + 10
    while httpx.get(f"{new_camera.url}/api/status").json()["policy"]["digest"] != digest:
        assert time.monotonic() < end
        time.sleep(0.1)
