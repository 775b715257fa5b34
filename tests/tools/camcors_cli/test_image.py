"""camcors image: what goes in comes out, and whatever is wrong with a firmware is refused in words."""

from __future__ import annotations

import hashlib
import json
import random
import re
import stat
import struct
from collections.abc import Callable
from pathlib import Path

import httpx
import littlefs
import pytest
from camcors_build import partitions
from camcors_cli.image import boards, filesystem
from camcors_cli.tls import authority, certificate
from camcors_cli.tls.names import Names
from camcors_cli.ui.errors import Failure
from cryptography.hazmat.primitives.serialization import load_der_private_key
from hypothesis import given, settings
from hypothesis import strategies as st

from access import secret
from access.document import Access
from tests.kit import chips
from tests.kit.camera import Camera

POLICY = '{"version": 1, "allowed_origins": ["https://desk.example.com"]}'
PASSWORD = "correct horse battery"
KIB = 1024

pytestmark = pytest.mark.usefixtures("chip_boards")


def files(image: bytes) -> dict[str, bytes]:
    """The files of a filesystem, read by littlefs-python with its own parameters."""
    fs = littlefs.LittleFS(block_size=4096, block_count=len(image) // 4096, mount=False)
    fs.context.buffer = bytearray(image)
    fs.mount()
    found = {}
    for folder, _, names in fs.walk("/"):
        for path in (f"{folder.rstrip('/')}/{name}" for name in names):
            with fs.open(path, "rb") as opened:
                found[path] = opened.read()
    return found


def firmware(name: str = "BOARD", **parts: bytes) -> bytes:
    board = boards.read(name)
    chip = board.chip.lower().replace("-", "")
    return chips.merged(chip, board.table, flash=f"{board.flash_size >> 20}MB", **parts)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a policy and the firmware of both boards, which is the current one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "policy.json").write_text(POLICY)
    for name in ("BOARD", "BOARD_S3"):
        (tmp_path / "build" / name).mkdir(parents=True)
        (tmp_path / "build" / name / "firmware.bin").write_bytes(firmware(name))
    return tmp_path


@pytest.mark.parametrize(("name", "offset"), [("BOARD", 0x1000), ("BOARD_S3", 0)])
def test_firmware_and_files_in_one_image(run, folder: Path, name: str, offset: int) -> None:
    done = run("image", name, "--policy", "policy.json", "--json")
    assert (done.exit_code, done.stderr) == (0, "")
    board = boards.read(name)
    built = firmware(name)
    image = (folder / f"camcors-{name}.bin").read_bytes()
    vfs = filesystem.find(board.table)
    assert image.startswith(built)
    assert not image[len(built) : vfs.offset - offset].strip(b"\xff")
    assert len(image) == vfs.end - offset
    assert files(image[vfs.offset - offset :]) == {"/policy.json": POLICY.encode()}
    size = len(built) + offset - 0x10000
    assert json.loads(done.stdout) == {
        "board": name,
        "file": f"camcors-{name}.bin",
        "offset": offset,
        "bytes": len(image),
        "app": {"bytes": size, "slot": next(each for each in board.table if each.type == "app").size},
        "files": {"/policy.json": len(POLICY)},
        "holds_password": False,
        "tls": None,
        "tokens": [],
    }


def test_for_a_person(run, folder: Path) -> None:
    done = run("image", "board", "--policy", "policy.json")
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        "camcors-BOARD.bin: 4190208 bytes from 0x1000 of the flash of BOARD",
        "application   100080 of 1638400 bytes",
        "/policy.json  63 bytes",
        "the camera will be locked: camcors token add NAME --role view makes a token once it runs, "
        "--token NAME:ROLE one in the image",
        "next: camcors flash BOARD camcors-BOARD.bin",
    ]


def test_without_files_the_filesystem_is_left_to_the_camera(run, folder: Path) -> None:
    done = run("image", "BOARD")
    assert done.exit_code == 0
    assert "no files in it: the camera makes its filesystem" in done.stdout
    assert not (folder / "camcors-BOARD.bin").read_bytes()[0x330000 - 0x1000 :].strip(b"\xff")


def test_the_password_is_in_the_image_and_nowhere_else(run, folder: Path) -> None:
    (folder / "camera.json").write_text(
        '{"name": "porch", "wifi": {"ssid": "Old", "password": "old password"}}'
    )
    done = run(
        "image",
        "BOARD",
        "--settings",
        "camera.json",
        "--wifi",
        "Home",
        "--password-stdin",
        input=PASSWORD + "\n",
    )
    assert done.exit_code == 0
    image = folder / "camcors-BOARD.bin"
    chosen = json.loads(files(image.read_bytes()[0x330000 - 0x1000 :])["/camera.json"])
    assert chosen == {"name": "porch", "wifi": {"ssid": "Home", "password": PASSWORD}}
    assert PASSWORD not in done.stdout + done.stderr
    assert stat.S_IMODE(image.stat().st_mode) == 0o600
    assert done.stderr.splitlines() == [
        "camcors: no policy in it: no other origin may read the camera until camcors policy push",
        "camcors: camcors-BOARD.bin holds the Wi-Fi password; only you may read it, keep it so",
    ]


def test_an_image_that_gets_a_password_is_closed_to_others(run, folder: Path) -> None:
    image = folder / "camcors-BOARD.bin"
    assert run("image", "BOARD", "--policy", "policy.json").exit_code == 0
    image.chmod(0o644)
    done = run("image", "BOARD", "--wifi", "Home", "--password-stdin", "--force", input=PASSWORD + "\n")
    assert done.exit_code == 0
    assert stat.S_IMODE(image.stat().st_mode) == 0o600


def test_an_open_network_has_no_secret(run, folder: Path) -> None:
    assert run("image", "BOARD", "--wifi", "Cafe", "--open").exit_code == 0
    image = folder / "camcors-BOARD.bin"
    text = files(image.read_bytes()[0x330000 - 0x1000 :])["/camera.json"]
    assert json.loads(text) == {"wifi": {"ssid": "Cafe", "password": ""}}
    assert stat.S_IMODE(image.stat().st_mode) & 0o077 == 0o044


@pytest.mark.parametrize(
    ("args", "status", "message"),
    [
        (["NONE"], 2, "there is no board NONE; write one of BOARD, BOARD_S3, HOST"),
        (
            ["BOARD", "--token", "kitchen"],
            2,
            '"kitchen" names no role; write NAME:ROLE, with one of the roles ',
        ),
        (["BOARD", "--token", "kitchen:all"], 2, '"kitchen:all" names no role; write NAME:ROLE'),
        (["BOARD", "--token", ":view"], 2, "not a name for a token; write letters, digits"),
        (["BOARD", "--token", "a:b:view"], 2, "not a name for a token; write letters, digits"),
        (
            ["BOARD", "--token", "a:view", "--token", "A:admin"],
            1,
            "there is a token a already; give each token a name of its own",
        ),
        (
            ["BOARD", *[word for i in range(17) for word in ("--token", f"t{i}:view")]],
            1,
            "tokens: too many; write at most 16",
        ),
        (["BOARD", "--open"], 2, "--open and --password-stdin belong to --wifi SSID"),
        (["BOARD", "--wifi", "x" * 33, "--open"], 2, "write the network's name, 1 to 32 bytes"),
        (["BOARD", "--wifi", "Home"], 2, "there is no terminal to ask for the password"),
        (
            ["BOARD", "--firmware", "none.bin"],
            4,
            "there is no none.bin; make firmware BOARD=BOARD builds one",
        ),
        (
            ["HOST", "--firmware", "build/BOARD/firmware.bin"],
            2,
            "HOST has no chip, so there is no --firmware",
        ),
        (["BOARD", "--output", "policy.json"], 4, "policy.json exists; choose another name, or add --force"),
        (["BOARD", "--output", "no/folder.bin"], 4, "cannot write no/folder.bin: No such file or directory"),
        (["BOARD", "--policy", "faulty.json"], 1, 'write "https://a.example"'),
        (["BOARD", "--settings", "broken.json"], 1, "broken.json:1: line 1, column 2: not JSON; "),
        (["BOARD", "--settings", "list.json"], 1, "list.json:1: file: wrong type; write one object"),
        (["BOARD", "--settings", "long.json"], 1, "long.json:1: file: 9012: file too large; "),
        (
            ["BOARD", "--settings", "full.json", "--wifi", "Home", "--open"],
            1,
            "/camera.json:1: file: 8226: file too large; write at most 8192 bytes",
        ),
        (
            ["BOARD", "--firmware", "build/BOARD_S3/firmware.bin"],
            1,
            "is for an ESP32-S3, and BOARD has an ESP32",
        ),
        (
            ["BOARD_S3", "--firmware", "build/BOARD/firmware.bin"],
            1,
            "is for an ESP32, and BOARD_S3 has an ESP32-S3",
        ),
    ],
)
def test_refused(run, folder: Path, args: list[str], status: int, message: str) -> None:
    (folder / "faulty.json").write_text('{"version": 1, "allowed_origins": ["https://A.example"]}')
    (folder / "broken.json").write_text("{secret")
    (folder / "list.json").write_text("[]")
    (folder / "long.json").write_text(json.dumps({"name": "x" * 9000}))
    (folder / "full.json").write_text(json.dumps({"$schema": "x" * 8150}))
    before = sorted(folder.iterdir())
    done = run("image", *args)
    assert (done.exit_code, done.stdout) == (status, "")
    assert message in done.stderr
    assert "secret" not in done.stderr
    assert sorted(folder.iterdir()) == before
    if status != 2:
        assert message.partition(";")[0] in json.loads(run("image", *args, "--json").stdout)["error"]


NAME = "write letters, digits and hyphens, at most 32, and no hyphen at either end"
KEYS = "write one of camera, host, limits, name, port, title, tls, trusted_proxies, wifi"
RANGE = "camera.quality: 200: out of range; write a whole number from 1 to 100"

# (settings, board, lines below the first)
FAULTY = [
    (POLICY, "BOARD", ["1: allowed_origins: unknown key; " + KEYS, "1: version: unknown key; " + KEYS]),
    ('{"camera": {"quality": 200}}', "BOARD", ["1: " + RANGE]),
    ('{"camera": {"quality": 200}}', "HOST", ["1: " + RANGE]),
    ('{"name": "my cam"}', "BOARD", ['1: name: "my cam": not a name for a host; ' + NAME]),
    (
        '{"camera": {"ae_level": 1}}',
        "HOST",
        [
            "1: camera.ae_level: unknown key; "
            "write one of brightness, contrast, frame_size, hmirror, quality, standby_s, vflip"
        ],
    ),
    (
        '\ufeff{\r\n\t"name": 5,\r\n\t"camera": {\r\n\t\t"quality": 200\r\n\t},\r\n\t"wifi": {}\r\n}\r\n',
        "BOARD",
        [
            "2: name: 5: not a name for a host; " + NAME,
            "4: " + RANGE,
            "6: wifi.ssid: missing; write the network's name, 1 to 32 bytes",
        ],
    ),
]


@pytest.mark.parametrize(("text", "board", "lines"), FAULTY)
def test_faulty_settings_are_refused_with_all_faults(
    run, folder: Path, text: str, board: str, lines: list[str]
) -> None:
    (folder / "camera.json").write_bytes(text.encode())
    done = run("image", board, "--settings", "camera.json")
    count = f"{len(lines)} fault{'s' if len(lines) > 1 else ''}"
    said = [f"camcors: camera.json is not a valid settings file ({count})"]
    said += ["camera.json:" + line for line in lines]
    assert (done.exit_code, done.stdout, done.stderr.splitlines()) == (1, "", said)
    assert not list(folder.glob("*.bin"))
    found = json.loads(run("image", board, "--settings", "camera.json", "--json").stdout)["faults"]
    assert [each["line"] for each in found] == [int(line.partition(":")[0]) for line in lines]


@pytest.mark.parametrize("text", [b'\xef\xbb\xbf{"name":\r\n\t"a"}', b'{"title": "K\xc3\xbcche 2"}\n'])
def test_good_settings_are_put_in_as_they_are(run, folder: Path, text: bytes) -> None:
    (folder / "camera.json").write_bytes(text)
    assert run("image", "BOARD", "--settings", "camera.json").exit_code == 0
    image = (folder / "camcors-BOARD.bin").read_bytes()
    assert files(image[0x330000 - 0x1000 :])["/camera.json"] == text


def test_a_network_takes_the_place_of_a_faulty_one(run, folder: Path) -> None:
    (folder / "camera.json").write_bytes(b'\xef\xbb\xbf{"title": "K\xc3\xbcche 2", "wifi": {"pasword": "x"}}')
    assert run("image", "BOARD", "--settings", "camera.json", "--wifi", "Cafe", "--open").exit_code == 0
    image = (folder / "camcors-BOARD.bin").read_bytes()
    text = files(image[0x330000 - 0x1000 :])["/camera.json"]
    assert json.loads(text) == {"title": "Küche 2", "wifi": {"ssid": "Cafe", "password": ""}}
    assert "Küche" in text.decode()


def test_a_file_to_be_edited_is_said_before_a_password_is_asked_for(run, folder: Path) -> None:
    (folder / "camera.json").write_text('{"camera": {"quality": 200}}')
    done = run(
        "image", "BOARD", "--settings", "camera.json", "--wifi", "Home", "--password-stdin", input="short\n"
    )
    assert (done.exit_code, done.stderr.splitlines()[1:]) == (1, ["camera.json:1: " + RANGE])


@pytest.mark.parametrize("password", ["short", "x" * 65, "\u00fcmlaut password", ""])
def test_a_bad_password_is_refused_and_not_shown(run, folder: Path, password: str) -> None:
    done = run("image", "BOARD", "--wifi", "Home", "--password-stdin", input=password + "\n")
    assert done.exit_code == 1
    assert "that is not a Wi-Fi password" in done.stderr
    assert not password or password not in done.stderr


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0x40]) + data[at + 1 :]


def with_table(data: bytes, table: list[partitions.Partition]) -> bytes:
    return data[:0x7000] + partitions.encode(table) + data[0x7C00:]


def moved_vfs(data: bytes) -> bytes:
    table = boards.read("BOARD").table
    return with_table(data, [*table[:5], table[5].__class__("vfs", "data", "fat", 0x340000, 0xC0000)])


def for_16_mb(data: bytes) -> bytes:
    table = boards.read("BOARD").table
    return with_table(data, [*table[:5], table[5].__class__("vfs", "data", "fat", 0x330000, 0xE00000)])


def other_chip(data: bytes, at: int) -> bytes:
    """Another chip's number in the header at `at`."""
    return data[: at + 12] + struct.pack("<H", 9) + data[at + 14 :]


APP = 0x10000 - 0x1000

DAMAGED: list[tuple[str, Callable[[bytes], bytes], str]] = [
    ("empty", lambda data: b"", "is not firmware: it begins with nothing, not with 0xe9"),
    ("a header alone", lambda data: data[:20], "is not firmware: it begins with 0xe9"),
    (
        "not a firmware",
        lambda data: b"\x7fELF" + data[4:],
        "is not firmware: it begins with 0x7f, not with 0xe9",
    ),
    ("padded from 0", lambda data: b"\xff" * 0x1000 + data, "is not firmware: it begins with 0xff"),
    (
        "unknown chip",
        lambda data: data[:12] + b"\x77\x77" + data[14:],
        "a chip that esptool does not know, number 30583",
    ),
    ("bootloader of an S3", lambda data: other_chip(data, 0), "is for an ESP32-S3, and BOARD has an ESP32"),
    (
        "bootloader's length",
        lambda data: flipped(data, 30),
        "the bootloader in FILE is not an image for ESP32",
    ),
    ("bootloader's data", lambda data: flipped(data, 500), "the bootloader in FILE is damaged: its checksum"),
    (
        "bootloader's digest",
        lambda data: flipped(data, 20_000 + 70),
        "the bootloader in FILE is damaged: its SHA-256",
    ),
    (
        "bootloader's digest flag",
        lambda data: data[:23] + b"\x07" + data[24:],
        "the bootloader in FILE is not an image",
    ),
    (
        "an application alone",
        lambda data: data[APP:],
        "has no partition table at 0x8000: its first image of 100080",
    ),
    ("no table", lambda data: data[:0x7000], "the partition table in FILE is not right: there is none"),
    (
        "table's entry",
        lambda data: flipped(data, 0x7006),
        "the partition table in FILE is not right: its MD5",
    ),
    ("table's MD5", lambda data: flipped(data, 0x7090), "the partition table in FILE is not right: its MD5"),
    (
        "no MD5",
        lambda data: data[:0x7080] + b"\xff" * 32 + data[0x70A0:],
        "is not right: it has no MD5 entry",
    ),
    (
        "another table",
        moved_vfs,
        "vfs (data, fat) at 0x340000, 786432 bytes; wanted: vfs (data, fat) at 0x330000",
    ),
    (
        "no application",
        lambda data: data[:APP],
        "the application in FILE is not an image for ESP32: it is cut short",
    ),
    (
        "application of an S3",
        lambda data: other_chip(data, APP),
        "is not an image for ESP32: it is for another chip",
    ),
    ("application cut", lambda data: data[:-1000], "the application in FILE is not an image for ESP32"),
    ("application's digest cut", lambda data: data[:-1], "the application in FILE is damaged: its SHA-256"),
    (
        "application's data",
        lambda data: flipped(data, APP + 500),
        "the application in FILE is damaged: its checksum",
    ),
    (
        "application's magic",
        lambda data: flipped(data, APP),
        "the application in FILE is not an image for ESP32: Invalid",
    ),
    (
        "erased application",
        lambda data: data[:APP] + b"\xff" * 4096,
        "the application in FILE is not an image",
    ),
    (
        "files already",
        lambda data: data.ljust(0x330000, b"\xff") + b"x",
        "has something in the partition vfs already",
    ),
]


@pytest.mark.parametrize(("damage", "message"), [row[1:] for row in DAMAGED], ids=[row[0] for row in DAMAGED])
def test_a_damaged_firmware_is_refused(
    run, folder: Path, damage: Callable[[bytes], bytes], message: str
) -> None:
    path = folder / "f.bin"
    path.write_bytes(damage(firmware()))
    done = run("image", "BOARD", "--firmware", "f.bin")
    assert (done.exit_code, done.stdout) == (1, "")
    assert message.replace("FILE", "f.bin") in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (folder / "camcors-BOARD.bin").exists()


def test_an_application_over_its_slot_is_refused_with_numbers(run, folder: Path) -> None:
    (folder / "f.bin").write_bytes(firmware(app=chips.image("esp32", 1_638_400)))
    done = run("image", "BOARD", "--firmware", "f.bin")
    assert done.exit_code == 1
    assert "the application in f.bin has 1638480 bytes, 80 more than its slot ota_0 of 1638400" in done.stderr


def test_an_application_that_fills_its_slot_passes(run, folder: Path) -> None:
    (folder / "f.bin").write_bytes(firmware(app=chips.image("esp32", 1_638_400 - 80)))
    assert run("image", "BOARD", "--firmware", "f.bin").exit_code == 0


def test_a_bootloader_set_to_less_flash_than_the_table_takes_is_refused(run, folder: Path) -> None:
    (folder / "f.bin").write_bytes(firmware(bootloader=chips.image("esp32", 20_000, "2MB")))
    done = run("image", "BOARD", "--firmware", "f.bin")
    assert done.exit_code == 1
    assert "the partitions in f.bin end at 0x400000, and its bootloader counts on 2MB" in done.stderr


def test_images_without_a_digest_pass(run, folder: Path) -> None:
    made = firmware(
        bootloader=chips.image("esp32", 20_000, digest=False), app=chips.image("esp32", 999, digest=False)
    )
    (folder / "f.bin").write_bytes(made)
    done = run("image", "BOARD", "--firmware", "f.bin", "--json")
    assert done.exit_code == 0
    assert json.loads(done.stdout)["app"]["bytes"] == len(chips.image("esp32", 999, digest=False))


NAMES = st.text("abcdefghijklmnopqrstuvwxyz0123456789._-", min_size=1, max_size=40).filter(
    lambda n: n.strip(".")
)
CONTENTS = st.integers(0, 20 * KIB).flatmap(lambda n: st.just(random.Random(n).randbytes(n)))


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(NAMES.map("/".__add__), CONTENTS | st.binary(max_size=600), max_size=8))
def test_what_goes_in_reads_back(content: dict[str, bytes]) -> None:
    assert files(filesystem.make(256 * KIB, content)) == content


def test_what_does_not_fit_is_refused_with_numbers() -> None:
    with pytest.raises(Failure) as raised:
        filesystem.make(64 * KIB, {"/a": bytes(40 * KIB), "/b": bytes(30 * KIB)})
    assert raised.value.message == "71680 bytes in 2 files do not fit in the filesystem of 65536 bytes"
    assert raised.value.exit_code == 1


READ = 'allowed_origins: "*": every page may read and show the camera\'s pictures and answers'
OPENED = [
    ({"allowed_origins": ["https://a.example"]}, []),
    ({"allowed_origins": "*"}, [READ, 'allowed_origins: "*": every page may send any method']),
    (
        {"allowed_origins": ["https://*.com"]},
        [
            'allowed_origins[0]: "https://*.com": wildcard on a public suffix; '
            "write the names of your own hosts"
        ],
    ),
]


@pytest.mark.parametrize(("fields", "lines"), OPENED)
def test_what_the_policy_opens_is_said_once(run, tmp_path: Path, fields: dict, lines: list[str]) -> None:
    (tmp_path / "policy.json").write_text(json.dumps({"version": 1, **fields}))
    target = tmp_path / "flash.bin"
    done = run("image", "HOST", "--policy", tmp_path / "policy.json", "--output", target)
    assert (done.exit_code, target.exists()) == (0, True)
    assert done.stderr.splitlines() == [f"camcors: warning: {line}" for line in lines]


def test_a_camera_starts_from_the_image_with_its_policy(run, program: Path, tmp_path: Path) -> None:
    (tmp_path / "policy.json").write_text(POLICY)
    (tmp_path / "camera.json").write_text(json.dumps({"name": "porch", "camera": {"quality": 33}}))
    flash = tmp_path / "flash.bin"
    files = ["--policy", tmp_path / "policy.json", "--settings", tmp_path / "camera.json"]
    done = run("image", "HOST", *files, "--token", "desk:view", "--output", flash)
    assert done.exit_code == 0
    assert done.stderr.splitlines()[-1] == f"camcors: next: build/HOST/camcors-host --flash {flash}"
    shown = {"Authorization": f"Bearer {done.stdout.rstrip()}"}
    with Camera(flash) as camera:
        camera.wait_ready()
        origin = {"Origin": "https://desk.example.com"}
        assert httpx.get(f"{camera.url}/api/status", headers=origin).status_code == 401
        answer = httpx.get(f"{camera.url}/api/status", headers={**origin, **shown})
        assert answer.headers["access-control-allow-origin"] == "https://desk.example.com"
        assert answer.json()["policy"]["state"] == "active"
        assert answer.json()["faults"] == []
        assert httpx.get(f"{camera.url}/api/camera", headers=shown).json()["quality"] == 33


TOKEN = re.compile(r"camcors_[0-9a-z]{26}")


def test_tokens_are_printed_once_and_the_image_has_their_hashes(run, folder: Path) -> None:
    done = run("image", "BOARD", "--token", "kitchen:view", "--token", "hass:control")
    assert done.exit_code == 0
    tokens = done.stdout.splitlines()
    assert len(tokens) == 2 and all(map(TOKEN.fullmatch, tokens))
    assert done.stderr.splitlines() == [
        "camcors: that is the token of kitchen, who may look at the camera",
        "camcors: that is the token of hass, who may look at the camera and set it",
        "camcors: camcors-BOARD.bin: 4190208 bytes from 0x1000 of the flash of BOARD",
        "camcors: a token is shown this once, and the image has its hash only: "
        "keep it where nobody else reads it",
        "camcors: no policy in it: no other origin may read the camera until camcors policy push",
        "camcors: next: camcors flash BOARD camcors-BOARD.bin",
    ]
    image = folder / "camcors-BOARD.bin"
    text = files(image.read_bytes()[0x330000 - 0x1000 :])["/access.json"]
    access = Access.from_json(text)
    assert [(each.name, each.role) for each in access.tokens] == [("kitchen", "view"), ("hass", "control")]
    assert [each.sha256 for each in access.tokens] == [secret.hash_of(each) for each in tokens]
    assert (access.to_json().encode(), access.open_role) == (text, None)
    assert not TOKEN.search(image.read_bytes().decode("latin-1"))
    assert stat.S_IMODE(image.stat().st_mode) == 0o600


def test_tokens_in_json(run, folder: Path) -> None:
    done = run("image", "BOARD", "--token", "kitchen:admin", "--json")
    (said,) = json.loads(done.stdout)["tokens"]
    assert (said["name"], said["role"]) == ("kitchen", "admin")
    assert TOKEN.fullmatch(said["token"]) and said["token"] not in done.stderr
    kept = Access.from_json(
        files((folder / "camcors-BOARD.bin").read_bytes()[0x330000 - 0x1000 :])["/access.json"]
    )
    assert kept.tokens[0].sha256 == secret.hash_of(said["token"])
    assert kept.tokens[0].created_s == said["created_s"]


HOME = ("local", "lan", "home.arpa", "internal", "localdomain", "home")


def test_tls_puts_a_pair_into_the_image(run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
    (folder / "camera.json").write_text('{"name": "porch"}')
    (folder / "policy.json").write_text('{"version": 1, "allowed_hosts": ["cam.example.com", "garden.lan"]}')
    done = run("image", "BOARD", "--tls", "--settings", "camera.json", "--policy", "policy.json")
    assert done.exit_code == 0, done.stderr
    image = folder / "camcors-BOARD.bin"
    assert stat.S_IMODE(image.stat().st_mode) == 0o600
    content = files(image.read_bytes()[0x330000 - 0x1000 :])
    assert set(content) == {"/camera.json", "/policy.json", "/tls/cert.der", "/tls/key.der"}
    found, key = certificate.read(content["/tls/cert.der"]), content["/tls/key.der"]
    assert found is not None and found.is_by(authority.load().certificate)
    assert load_der_private_key(key, None).public_key() == found.certificate.public_key()
    assert found.names == Names((*(f"porch.{suffix}" for suffix in HOME), "garden.lan"))
    made = folder / "config" / "camcors" / "authority"
    notes = done.stderr.splitlines()
    assert notes[0].startswith("camcors: cam.example.com is not in the certificate: a public name, and your ")
    assert notes[1:] == [
        "camcors: the certificate has no address: camcors tls renew adds it once the camera has one",
        f"camcors: {made} holds your authority and its key: back it up, and keep it from others",
        "camcors: camcors-BOARD.bin holds the camera's key for https; only you may read it, keep it so",
    ]
    assert key.hex() not in done.stdout + done.stderr


def test_tls_in_json(run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
    done = run("image", "HOST", "--tls", "--output", "flash.bin", "--json")
    said = json.loads(done.stdout)["tls"]
    wanted = [*(f"camcors.{suffix}" for suffix in HOME), "localhost"]
    assert (said["names"], said["addresses"]) == (wanted, ["127.0.0.1"])
    own = authority.load()
    assert said["authority"] == {"name": own.name, "file": str(own.path), "made": True}
    done = run("image", "HOST", "--tls", "--output", "second.bin", "--json")
    assert json.loads(done.stdout)["tls"]["authority"]["made"] is False
    assert json.loads(run("image", "BOARD", "--json").stdout)["tls"] is None


def test_no_token_is_printed_of_an_image_that_is_not_written(run, folder: Path) -> None:
    done = run("image", "BOARD", "--token", "kitchen:view", "--output", "no/folder.bin")
    assert (done.exit_code, done.stdout) == (4, "")


def test_the_layout_is_that_of_micropython() -> None:
    """Files up to MicroPython's cache of 128 bytes are inline: they take no block of their own."""
    used = []
    for size in (0, 128, 129):
        image = filesystem.make(64 * KIB, {"/a": bytes(size)})
        used.append(16 - sum(not image[at : at + 4096].strip(b"\xff") for at in range(0, len(image), 4096)))
    assert used == [used[0], used[0], used[0] + 1]


def test_micropython_reads_files_of_every_size(program: Path, tmp_path: Path) -> None:
    content = {
        f"/{size}": random.Random(size).randbytes(size) for size in (0, 1, 127, 128, 129, 511, 512, 513, 5000)
    }
    board = boards.read("HOST")
    vfs = filesystem.find(board.table)
    image = b"\xff" * 0x8000 + partitions.encode(board.table)
    flash = tmp_path / "flash.bin"
    flash.write_bytes(image.ljust(vfs.offset, b"\xff") + filesystem.make(vfs.size, content))
    with Camera(flash) as camera:
        camera.wait_ready()
        code = "import os, hashlib\nfor n in os.listdir('/'): "
        code += "print(n, hashlib.sha256(open(n, 'rb').read()).digest().hex())"
        found = dict(line.split() for line in camera.exec(code).splitlines())
    wanted = {name[1:]: hashlib.sha256(each).hexdigest() for name, each in content.items()}
    assert {name: found[name] for name in wanted} == wanted
