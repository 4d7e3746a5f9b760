"""Print the script that completes commands, options and file names in your shell."""

from __future__ import annotations

import argparse
from typing import Final

from segue.cli.console import DONE, print_text

EXAMPLES: Final = """examples:
  segue completion bash > ~/.local/share/bash-completion/completions/segue
  segue completion zsh > ~/.zfunc/_segue       with fpath+=~/.zfunc before compinit in ~/.zshrc
  segue completion fish > ~/.config/fish/completions/segue.fish
"""
SHELLS: Final = ("bash", "zsh", "fish")
_FILES: Final = ("FILE", "RULES", "PATH")
_FOLDERS: Final = ("FOLDER",)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=SHELLS, help="your shell")


def run(arguments: argparse.Namespace) -> int:
    import shtab

    from segue.cli.main import build_parser

    parser = build_parser()
    _complete_paths(parser)
    print_text(shtab.complete(parser, shell=arguments.shell))
    return DONE


def _complete_paths(parser: argparse.ArgumentParser) -> None:
    """Let arguments that take a path complete one."""
    import shtab

    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                _complete_paths(command)
        elif action.metavar in _FILES:
            action.complete = shtab.FILE  # type: ignore[attr-defined]
        elif action.metavar in _FOLDERS:
            action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
