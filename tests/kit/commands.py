"""Commands as the documentation prints them: is there such a command, with such options?"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import esptool
from camcors_cli.cli import main as camcors
from mpremote import main as mpremote

from tests.kit.tokens import TOKENS

#: What a person puts in the place of a word of the commands.
_FILLED = {
    "BOARD": "XIAO_ESP32S3_SENSE",
    "SSID": "Home",
    "ADDRESS": "192.168.1.7",
    "build/HOST/token": "desk.token",
}
#: Programs that are not this project's; what they are given is not checked.
_OTHERS = {
    "certutil",
    "curl",
    "echo",
    "export",
    "ffmpeg",
    "gh",
    "gst-launch-1.0",
    "mpv",
    "sha256sum",
    "sudo",
    "vlc",
}


def printed(text: str) -> list[str]:
    """Return the commands after a prompt in a page."""
    return re.findall(r"^ *\$ (.+)$", text, re.MULTILINE)


def check(line: str, folder: Path) -> None:
    """Raise unless the program takes the command, which finds the files that it names."""
    typed = re.sub("|".join(_FILLED), lambda word: _FILLED[word[0]], re.sub(" > [^ ]+$", "", line))
    program, *arguments = shlex.split(typed, comments=True)
    name = Path(program).name
    if name == "camcors":
        _click(camcors, [str(folder / each) if _is_file(each) else each for each in arguments], folder)
    elif name == "esptool":
        esptool.cli._esp = None  # its __call__ sets it
        _click(esptool.cli, arguments, folder)
    elif name == "mpremote":
        _mpremote(arguments)
    elif name not in _OTHERS:
        raise ValueError(f"{line}: {name} is not known here; add it to tests/kit/commands.py")


def _is_file(word: str) -> bool:
    return bool(re.fullmatch(r"[\w.-]+\.(bin|json|token|zip)", word))


def _click(command: click.Command, arguments: list[str], folder: Path) -> None:
    """Parse as click does before it runs a command; raise click.UsageError."""
    for word in arguments:
        if word.startswith(f"{folder}/"):
            Path(word).write_text(TOKENS["view"] if word.endswith(".token") else "")
    context = command.make_context(command.name or "", list(arguments))
    while isinstance(command, click.Group):
        # click keeps the name of a subcommand apart from its arguments.
        name, found, rest = command.resolve_command(context, [*context._protected_args, *context.args])
        assert found is not None
        command, context = found, found.make_context(name or "", rest, parent=context)


def _mpremote(words: list[str]) -> None:
    """Raise ValueError unless it resumes: without it, mpremote soft-resets the board first."""
    known = {*mpremote._COMMANDS, *mpremote._BUILTIN_COMMAND_EXPANSIONS}
    rest = words[2:] if words[:1] == ["connect"] else words
    if rest[:1] != ["resume"] or len(rest) < 2 or rest[1] not in known:
        raise ValueError(f"mpremote {' '.join(words)}: write mpremote [connect PORT] resume COMMAND")
