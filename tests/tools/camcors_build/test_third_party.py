"""THIRD_PARTY.md names what an image holds, in the version that the build pins, with its licence."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from camcors_build import esp_idf, frozen, pinned, requirements, source

TOP = Path(__file__).resolve().parents[3]
TEXT = (TOP / "THIRD_PARTY.md").read_text()
ROWS = {
    cells[0].partition(",")[0]: cells
    for cells in (
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in re.findall(r"^\| [^-].*\|$", TEXT, re.MULTILINE)
    )
}
#: Each thing that the build fetches for an image, and how the table must begin to say its version.
PINS = {
    "MicroPython": f"{source.PINNED}; HOST from Debian's source: {source.DEBIAN_VERSION}",
    "Microdot": "".join(requirements.read_group("build")).removeprefix("microdot=="),
    "ESP-IDF": f"{esp_idf.PINNED}, {esp_idf.COMMIT}",
    "esp32-camera": pinned.ESP32_CAMERA.commit,
    "micropython-camera-API": f"0.6.2, {pinned.CAMERA_API.commit}",
}


@pytest.mark.parametrize("name", PINS)
def test_what_is_pinned_is_named_in_its_version(name: str) -> None:
    assert ROWS[name][1] == PINS[name]


def test_every_pin_of_an_image_is_in_the_table_above() -> None:
    assert [item.partition("==")[0] for item in requirements.read_group("build")] == ["microdot"]
    repositories = {value.repository for value in vars(pinned).values() if isinstance(value, pinned.Pin)}
    repositories |= {source.REPOSITORY, esp_idf.REPOSITORY}
    named = {row[4] for row in ROWS.values()}
    assert {repository.removesuffix(".git") for repository in repositories} <= named


def test_the_littlefs_of_this_build_is_named() -> None:
    header = (source.find(frozen.BUILD).path / "lib" / "littlefs" / "lfs2.h").read_text()
    (version,) = re.findall(r"#define LFS2_VERSION 0x([0-9a-f]{8})", header)
    said = f"{int(version[:4], 16)}.{int(version[4:], 16)}"
    assert re.search(rf"\b{re.escape(said)}\b", ROWS["littlefs"][1])


def test_every_library_that_is_linked_into_host_is_named(program: Path) -> None:
    names = {"littlefs": "littlefs", "mbedtls": "Mbed TLS", "mbedtls_errors": "MicroPython"}
    linked = {names[path.name] for path in (program.parent / "lib").iterdir()}
    included = set()
    for module, library in (("modre", "re1.5"), ("moddeflate", "uzlib")):
        if (program.parent / "extmod" / f"{module}.o").is_file():
            included.add(library)  # these are compiled within the module of extmod/
    assert linked == {"littlefs", "Mbed TLS", "MicroPython"}
    named = {name for name, row in ROWS.items() if row[3] in ("all", "HOST")}
    assert linked | included <= named


#: The texts by their titles; a text for some software only has its name after a colon.
TEXTS = dict(re.findall(r"^## ([^\n]+)\n\n```text\n(.+?)^```$", TEXT, re.MULTILINE | re.DOTALL))


@pytest.mark.parametrize("name", sorted(ROWS.keys() - {"software"}))
def test_every_licence_is_there_with_its_text(name: str) -> None:
    licence = ROWS[name][2].partition(",")[0]
    if licence in ("MIT", "several"):
        assert name.split()[0] in TEXTS.get(name, TEXTS["MIT"])
    else:
        titles = [title for title in TEXTS if title.startswith(licence + ": ")]
        (title,) = [title for title in titles if re.search(rf"\b{re.escape(name)}(,|$)", title)]
        assert "Copyright" in TEXTS[title]


def test_the_texts_are_whole() -> None:
    lines = TEXT.splitlines()
    for last in (
        "   limitations under the License.",
        "OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.",
        "SOFTWARE.",
    ):
        assert last in lines
    assert lines.count("```text") == lines.count("```") == TEXT.count("\n## ")
