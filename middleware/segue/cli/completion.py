"""Print the script that completes commands, options and file names in your shell."""

from __future__ import annotations

import argparse
import re
from typing import Final

from segue.cli.console import DONE, print_text

EXAMPLES: Final = """examples:
  segue completion bash > ~/.local/share/bash-completion/completions/segue
  segue completion zsh > ~/.zfunc/_segue       with fpath+=~/.zfunc before compinit in ~/.zshrc
  segue completion fish > ~/.config/fish/completions/segue.fish
"""
SHELLS: Final = ("bash", "zsh", "fish")
_FILES: Final = ("FILE", "PATH")
_FOLDERS: Final = ("FOLDER",)
_RULES: Final = ("*.yaml", "*.yml")
"""Names of rule files, and of tests and event scripts in YAML."""
_SCRIPTS: Final = ("*.jsonl",)
_WORDS: Final = re.compile(r"\{(.+)\}")
"""How help shows a setting that is one of some words; argparse does not check settings, and so has no choices."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=SHELLS, help="your shell")


def run(arguments: argparse.Namespace) -> int:
    import shtab

    from segue.cli.main import build_parser

    parser = build_parser()
    _complete_values(parser)
    print_text(shtab.complete(parser, shell=arguments.shell))
    return DONE


def _complete_values(parser: argparse.ArgumentParser) -> None:
    """Let arguments complete their words, and paths of the files that they take. Folders always complete."""
    import shtab

    for action in parser._actions:
        metavar = action.metavar if isinstance(action.metavar, str) else ""
        words = _WORDS.fullmatch(metavar)
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                _complete_values(command)
        elif words is not None:
            action.choices = words[1].split(",")
        elif metavar == "RULES":
            action.complete = shtab.glob(*_RULES)  # type: ignore[attr-defined]
        elif metavar == "FILE" and not action.option_strings:
            action.complete = shtab.glob(*_RULES, *_SCRIPTS)  # type: ignore[attr-defined]
        elif metavar in _FILES:
            action.complete = shtab.FILE  # type: ignore[attr-defined]
        elif metavar in _FOLDERS:
            action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
