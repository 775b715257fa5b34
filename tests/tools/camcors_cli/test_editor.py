"""The faults of a policy as comments in its text, and the text without them."""

from __future__ import annotations

import pytest
from camcors_cli.policy.editor import Draft, with_comments, without_comments
from camcors_cli.ui import faults
from camcors_cli.ui.errors import Failure
from camcors_cli.ui.output import Output
from hypothesis import given
from hypothesis import strategies as st

from cors import Policy, PolicyError

MARK = "// camcors: "
ADVICE = (
    f"{MARK}this policy is not valid; what is wrong stands above each line in question.\n"
    f"{MARK}Fix it, save and leave the editor. Lines like this one go by themselves.\n"
    f"{MARK}To give up, leave without a change: your text is kept.\n"
)


def located(text: bytes) -> list[faults.Located]:
    with pytest.raises(PolicyError) as caught:
        Policy.from_json(text)
    return faults.locate(text, caught.value.faults)


def test_each_fault_stands_above_its_line() -> None:
    text = b'{\r\n\t"version": 2,\n "allowed_origins": [\n  "https://a.example",\n  "x"]}'
    shown = (
        ADVICE
        + "{\r\n"
        + f"{MARK}version: 2: out of range; write 1\n"
        + '\t"version": 2,\n "allowed_origins": [\n  "https://a.example",\n'
        + f'{MARK}allowed_origins[1]: "x": no scheme; write "https://x"\n'
        + '  "x"]}'
    )
    assert with_comments(text, located(text)).decode() == shown
    assert without_comments(shown.encode()) == text


def test_a_fault_of_no_line_stands_at_the_top() -> None:
    text = b"{}"
    shown = f'{ADVICE}{MARK}version: null: missing; write "version": 1\n{{}}'
    assert with_comments(text, located(text)).decode() == shown


LINES = st.lists(st.binary(max_size=20), max_size=6).map(b"\n".join)
PLACES = st.lists(st.tuples(st.none() | st.integers(1, 9), st.text("ab/ :", max_size=9)), max_size=4)


@given(LINES, PLACES)
def test_comments_go_without_a_trace(text: bytes, places: list[tuple[int | None, str]]) -> None:
    found = [faults.Located(line, words, ()) for line, words in places]
    assert without_comments(with_comments(text, found)) == text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (b"  // camcors: moved by an editor\r\n{}\n", b"{}\n"),
        (b"// camcors: at the end", b""),
        (b"// mine\n{}", b"// mine\n{}"),
        (b'{"x": "// camcors: "}', b'{"x": "// camcors: "}'),
    ],
)
def test_only_lines_of_the_mark_go(text: bytes, left: bytes) -> None:
    assert without_comments(text) == left


def test_an_editor_that_removes_its_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISUAL", "rm")
    with pytest.raises(Failure) as caught, Draft(b'{"version": 1}', Output()) as draft:
        draft.edit()
    assert caught.value.message == f"cannot read {draft.path} after the editor: No such file or directory"
    assert caught.value.remedy == "choose an editor that saves to the file it is given"
