"""How bash, zsh and fish complete: click's scripts, with what they get wrong put right.

bash breaks words at `:`, so it asks for the `//a` of `https://a`, and expands a `*` of what it is given.
fish's script cuts a description at its first comma.
"""

from __future__ import annotations

import os
import re

from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    add_completion_class,
    split_arg_string,
)

VARIABLE = "_CAMCORS_COMPLETE"

_BASH = r"""
%(complete_func)s() {
    local kind value
    COMPREPLY=()
    while IFS=, read -r kind value; do
        case $kind in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            plain) COMPREPLY+=("$value") ;;
        esac
    done < <(env COMP_LINE="${COMP_LINE:0:COMP_POINT}" COMP_WORD="${COMP_WORDS[COMP_CWORD]}" \
        COMP_BREAKS="$COMP_WORDBREAKS" %(complete_var)s=bash_complete "$1")
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""

_PLAIN = re.compile(r"[^\w@%+=:,./-]", re.ASCII)


class Bash(BashComplete):
    source_template = _BASH

    def get_completion_args(self) -> tuple[list[str], str]:
        line = os.environ["COMP_LINE"]
        words = split_arg_string(line)[1:]
        if line[-1:].isspace() or not words:
            return words, ""
        return words[:-1], words[-1]

    def format_completion(self, item: CompletionItem) -> str:
        """Return what follows the last word break of bash, as a person would quote it."""
        value = str(item.value)
        if item.type != "plain":
            return f"{item.type},{value}"
        if os.environ["COMP_WORD"][:1] in ("'", '"'):  # bash closes the quotes
            return f"plain,{value}"
        typed = self.get_completion_args()[1]
        breaks = set(os.environ["COMP_BREAKS"]) & set(":=")
        start = max((typed.rfind(each) + 1 for each in breaks), default=0)
        return "plain," + _PLAIN.sub(lambda found: "\\" + found[0], value[start:])


class Fish(FishComplete):
    source_template = FishComplete.source_template.replace('string split ","', 'string split --max 1 ","')


for _each in (Bash, Fish):
    add_completion_class(_each)
