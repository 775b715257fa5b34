"""`camcors completion`: the shell's part of completing commands, options and fields."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from ..ui import shells
from ..ui.output import Output


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script that completes camcors in SHELL.

    \b
    bash:  camcors completion bash > ~/.local/share/bash-completion/completions/camcors
    zsh:   camcors completion zsh > ~/.zfunc/_camcors     (with ~/.zfunc in fpath)
    fish:  camcors completion fish > ~/.config/fish/completions/camcors.fish
    """
    kind = get_completion_class(shell)
    assert kind is not None
    script = kind(context.find_root().command, {}, "camcors", shells.VARIABLE).source()
    Output().raw(script.encode() + b"\n")
