"""Whatever is in a file, a command that reads it ends with one line and a documented exit status."""

from __future__ import annotations

import io
import json
import random
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from camcors_cli.cli import main
from camcors_cli.image import archive, boards
from camcors_cli.ui import input_file
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.kit import chips

pytestmark = pytest.mark.usefixtures("chip_boards")

SETTINGS = settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
POLICY = b'{"version": 1, "allowed_origins": ["https://a.example"], "max_age": 600}'


def run(*args: object) -> Result:
    done = CliRunner().invoke(main, [str(each) for each in args], prog_name="camcors")
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def check(done: Result, *statuses: int) -> None:
    assert done.exit_code in statuses, done.output
    assert all(char.isprintable() or char in "\n\t" for char in done.output), done.output
    has_answer = done.exit_code == 0 or done.stdout.startswith("GET ")  # explain's verdict may be no
    assert done.stderr.startswith("camcors: ") or has_answer
    assert len(done.output) < 200_000


@st.composite
def damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """`whole` with some bytes changed, cut out or put in."""
    data = bytearray(whole)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(0, len(data) - 1)))
        end = at + draw(st.integers(0, 4))
        data[at:end] = draw(st.binary(max_size=4))
    return bytes(data[: draw(st.none() | st.integers(0, len(data)))])


TEXTS = st.binary() | damaged(POLICY) | st.text().map(lambda text: text.encode(errors="surrogatepass"))
DEEP = b"[" * 100_000


@pytest.mark.parametrize("as_json", [[], ["--json"]])
@given(text=TEXTS)
@example(DEEP)
@example(b'{"version": 1, "\\u001b[2J": "\x7f\xc2\x9b"}')
@example(b'{"allowed_origins": [' + b'"https://x",' * 600 + b'"\\ud800\\u202e"]}')
@example(b'{"version": 1e999}')
@example(b"\xff" * 5000)
@SETTINGS
def test_any_policy(tmp_path: Path, as_json: list[str], text: bytes) -> None:
    path = tmp_path / "p\x1b[2J.json"
    path.write_bytes(text)
    done = run("policy", "check", path, *as_json)
    check(done, 0, 1)
    if as_json:
        json.loads(done.stdout)
    check(run("policy", "push", path, "--port", "nowhere", *as_json), 1, 3)
    check(run("explain", "https://a.example", "--file", path), 0, 1)


def test_files_that_are_no_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(input_file, "FILE_MAX", 1 << 20)
    said = "camcors: /dev/zero has more than 1048576 bytes; name another file\n"
    for command in (["policy", "check"], ["policy", "push"]):
        done = run(*command, "/dev/zero")
        assert (done.stderr, done.exit_code) == (said, 4)
    done = run("image", "HOST", "--policy", "/dev/zero", "--output", tmp_path / "o")
    assert (done.stderr, done.exit_code) == (said, 4)
    done = run("policy", "check", "/proc/self/mem")
    assert (done.stderr, done.exit_code) == (
        "camcors: cannot read /proc/self/mem: Input/output error; name another file\n",
        4,
    )
    assert (
        run("flash", tmp_path).stderr
        == f"camcors: cannot read {tmp_path}: Is a directory; name another file\n"
    )


def make_zip(*members: tuple[str, bytes], **fields: int) -> bytes:
    """A zip of files; fields: what is set in the entry of each."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as packed:
        for name, data in members:
            entry = zipfile.ZipInfo(name)
            for field, value in fields.items():
                setattr(entry, field, value)
            packed.writestr(entry, data)
    return made.getvalue()


def packed(**files: bytes) -> bytes:
    return archive.pack(
        archive.Archive({"board": "B"}, {f"/{name}": data for name, data in files.items()}, [])
    )


def patched(data: bytes, magic: bytes, offset: int, value: int) -> bytes:
    """A zip with 16 bits of each header changed."""
    changed, at = bytearray(data), data.find(magic)
    while at >= 0:
        struct.pack_into("<H", changed, at + offset, value)
        at = data.find(magic, at + 1)
    return bytes(changed)


def with_field(value: int, local: int, central: int) -> bytes:
    return patched(patched(packed(a=b"x"), b"PK\3\4", local, value), b"PK\1\2", central, value)


def manifest(**fields: object) -> bytes:
    whole = {"format": "camcors-backup-1", "files": {}, "folders": [], **fields}
    return make_zip(("manifest.json", json.dumps(whole).encode()))


EMPTY = ("manifest.json", b'{"format": "camcors-backup-1", "files": {}, "folders": []}')
STREAM = make_zip(("manifest.json", b"x" * 500), compress_type=zipfile.ZIP_DEFLATED)
AT = STREAM.find(b"manifest.json") + len("manifest.json")

METHOD = "manifest.json is encrypted, or compressed by another method than deflate"


def bomb() -> bytes:
    return make_zip(EMPTY, ("files/a", bytes(65 << 20)), compress_type=zipfile.ZIP_DEFLATED)


def many() -> bytes:
    return make_zip(*((str(name), b"") for name in range(10_002)))


# What it is, the zip (or what makes a large one, so that it is made in one worker only), what is said of it.
ZIPS: list[tuple[str, bytes | Callable[[], bytes], str]] = [
    ("deep JSON", make_zip(("manifest.json", DEEP)), "nested too deeply"),
    ("damaged deflate", STREAM[:AT] + b"\xff\xff\xff" + STREAM[AT + 3 :], "it is not complete, or damaged"),
    ("encrypted", with_field(1, 6, 8), METHOD),
    ("method 99", with_field(99, 8, 10), METHOD),
    ("method 14", with_field(14, 8, 10), METHOD),
    ("no manifest", make_zip(("a", b"")), "it is not complete, or damaged"),
    ("a list", make_zip(("manifest.json", b"[]")), "it has another format"),
    ("NaN", make_zip(("manifest.json", b'{"format": NaN}')), "NaN is not JSON"),
    ("files that are a list", manifest(files=[]), "its manifest is damaged"),
    ("no text", manifest(folders=[[]]), "[]: not a text"),
    ("up", manifest(folders=["/../x"]), "'/../x': not the name of a file"),
    ("relative", manifest(folders=["x"]), "'x': not a path from the root"),
    ("drive", manifest(folders=["C:\\x"]), "'C:\\\\x': not a path from the root"),
    ("backslash", manifest(folders=["/a\\..\\x"]), "'/a\\\\..\\\\x': not the name of a file"),
    ("control", manifest(folders=["/\x1b[2J"]), "'/\\x1b[2J': not the name of a file"),
    ("surrogate", manifest(folders=["/\ud800"]), "'/\\ud800': not the name of a file"),
    ("a long name", manifest(folders=["/" + "ü" * 126]), "a name of more than 251 bytes"),
    ("a file in a file", packed(a=b"", **{"a/b": b""}), "/a is a file and a folder"),
    ("beside the manifest", make_zip(EMPTY, ("../x", b"")), "the manifest does not list ../x"),
    ("absolute", make_zip(EMPTY, ("/etc/x", b"")), "the manifest does not list /etc/x"),
    ("link", make_zip(EMPTY, external_attr=0o120777 << 16), "manifest.json is a link or a folder"),
    ("bomb", bomb, "it unpacks to more than 67108864 bytes"),
    ("many", many, "it has more than 10000 files"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "said"), [row[1:] for row in ZIPS], ids=[row[0] for row in ZIPS])
def test_a_zip_that_is_no_backup(tmp_path: Path, data: bytes | Callable[[], bytes], said: str) -> None:
    path = tmp_path / "b.zip"
    path.write_bytes(data() if callable(data) else data)
    done = run("restore", path, "--port", "nowhere")
    remedy = "take a file that camcors backup wrote; nothing was changed on the board"
    assert done.stderr.startswith(f"camcors: {path} is not a camcors backup: ")
    assert done.stderr.endswith(f"{said}; {remedy}\n")
    assert (done.stdout, done.exit_code) == ("", 1)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_name(tmp_path: Path) -> None:
    path = tmp_path / "b.zip"
    path.write_bytes(make_zip(EMPTY, EMPTY))
    assert "is not a camcors backup: it has two files of one name; " in run("restore", path).stderr


@given(st.binary() | damaged(packed(a=b"some text", b=bytes(100))) | st.binary().map(
    lambda data: make_zip(("manifest.json", data))
))  # fmt: skip
@SETTINGS
def test_any_zip(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "b.zip"
    path.write_bytes(data)
    done = run("restore", path, "--port", "nowhere")
    check(done, 1, 3)  # 3: the damage is in what does not count, and there is no board
    assert done.stderr.count("\n") == 1


FIRMWARE: list[bytes] = []


def firmware() -> bytes:
    if not FIRMWARE:
        table = boards.read("BOARD").table
        small = {"bootloader": chips.image("esp32", 400), "app": chips.image("esp32", 800, seed=2)}
        FIRMWARE.append(chips.merged("esp32", table, **small))  # type: ignore[arg-type]
    return FIRMWARE[0]


def mutate(seed: int) -> bytes:
    """The firmware with a few bytes of its headers changed."""
    chance, data = random.Random(seed), bytearray(firmware())
    for _ in range(chance.randint(1, 4)):
        start = chance.choice([0, 0, partitions_at(), app_at()])
        at = min(start + chance.randrange(96), len(data) - 1)
        data[at] = chance.choice([0, 1, 0x7F, 0xFF, chance.randrange(256)])
    return bytes(data[: chance.choice([None, chance.randrange(len(data))])])


def partitions_at() -> int:
    return 0x8000 - 0x1000


def app_at() -> int:
    return 0x10000 - 0x1000


@given(
    st.binary(max_size=200) | st.binary(max_size=99).map(b"\xe9".__add__) | st.integers(0, 2**32).map(mutate)
)
@SETTINGS
def test_any_firmware(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "f.bin"
    path.write_bytes(data)
    check(run("flash", path, "--port", "/dev/nowhere"), 1, 3)
    done = run("image", "BOARD", "--firmware", path, "--output", tmp_path / "o.bin", "--force")
    check(done, 0, 1)


@given(settings_text=TEXTS)
@example(DEEP)
@example(b'{"wifi": {"password": 1e999}}')
@example(b'{"wifi": [[[[[[]]]]]]}')
@SETTINGS
def test_any_settings(tmp_path: Path, settings_text: bytes) -> None:
    path = tmp_path / "camera.json"
    path.write_bytes(settings_text)
    done = run("image", "HOST", "--settings", path, "--output", tmp_path / "o.bin", "--force")
    check(done, 0, 1)
