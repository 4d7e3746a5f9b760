"""Fetch, check, convert and find the files of Magenta RealTime 1 and 2, which the generators mrt1_… and mrt2_… play.

The files do not come with Segue. They are looked for in the folder magenta-rt-v2 of MAGENTA_HOME, or else of
Documents/Magenta in the home folder, where Google's own tool (mrt) keeps them too.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from segue.cli.console import BAD_INPUT, DONE, FAILED, print_lines, print_problems
from segue.extras import missing_modules, missing_text
from segue.model_files import (
    FIRST_REPOSITORY,
    HOME_VARIABLE,
    MODELS,
    REPOSITORY,
    ModelFile,
    folder_problem,
    models_folder,
)

EXAMPLES: Final = """examples:
  segue models list
  segue models fetch mrt2_small
  segue models verify
  segue models path mrt2_small
  segue models convert mrt1_base -o mrt1_base.safetensors
"""
_LICENCE: Final = (
    f"The files are published by Google as {REPOSITORY} on Hugging Face. Their licence is stated on that page: read it "
    "before you ship music made with them. Segue's authors could not see it; the package magenta-rt that runs them is "
    'Apache-2.0. Name them as "Magenta RealTime 2 by Google DeepMind". The language models of Magenta RealTime 1 are '
    f"published as {FIRST_REPOSITORY}, by its page under CC-BY-4.0."
)
_MIB: Final = 1 << 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, text in (
        ("list", "show every file: whether it is there, its size, and the licence"),
        ("fetch", "fetch the files of a model that are missing, then verify them"),
        ("verify", "check files, and compare them with what they were when first verified"),
        ("path", "print the folder of all files, or where a model's weights are looked for"),
        ("convert", "write a checkpoint of Magenta RealTime 1 as safetensors"),
    ):
        action = actions.add_parser(name, help=text, description=text)
        if name == "convert":
            action.add_argument("model", choices=[name for name, files in MODELS.items() if _first(files[0])])
            action.add_argument("--source", type=Path, help="an archive or folder of T5X; default: the fetched one")
            action.add_argument("-o", "--output", type=Path, required=True, help="the safetensors file to write")
        elif name == "fetch":
            action.add_argument("model", choices=tuple(MODELS))
        elif name != "list":
            action.add_argument("model", choices=tuple(MODELS), nargs="?", help="default: all that are there")


def run(arguments: argparse.Namespace) -> int:
    folder = models_folder()
    if text := folder_problem():
        print_problems([f"segue models {arguments.action}: {text}"])
        return BAD_INPUT
    match arguments.action:
        case "list":
            return _list(folder)
        case "fetch":
            return _fetch(arguments.model, folder)
        case "verify":
            return _verify(arguments.model, folder)
        case "convert":
            return _convert(
                arguments.model, arguments.source or folder / MODELS[arguments.model][0].path, arguments.output
            )
        case _:
            print_lines(str(folder if arguments.model is None else folder / MODELS[arguments.model][0].path))
            return DONE


def _first(file: ModelFile) -> bool:
    """Say whether a file is of Magenta RealTime 1."""
    return file.repository == FIRST_REPOSITORY


def _check_weights(name: str, path: Path) -> None:
    """Check that a file holds a model's weights. Raises: CheckpointError, naming every tensor that differs."""
    if _first(MODELS[name][0]):
        from segue.model.mrt1 import checkpoint
        from segue.model.mrt1.config import MRT1_CONFIGS

        checkpoint.check(path, MRT1_CONFIGS[name])
    else:
        from segue.model.mrt2_parts import check_weights

        check_weights(name, path)


def _convert(name: str, source: Path, target: Path) -> int:
    if text := missing_text("models"):
        print_problems([f"segue models convert: {text}"])
        return BAD_INPUT
    from segue.model.checkpoint import CheckpointError
    from segue.model.mrt1 import checkpoint
    from segue.model.mrt1.config import MRT1_CONFIGS

    if target.suffix != checkpoint.CONVERTED:
        print_problems([f"--output: expected a name that ends in {checkpoint.CONVERTED}, got {str(target)!r}"])
        return BAD_INPUT
    if not source.exists():
        print_problems([f"{source}: is not there; run 'segue models fetch {name}', or name a checkpoint by --source"])
        return BAD_INPUT
    try:
        numbers = checkpoint.convert(source, MRT1_CONFIGS[name], target)
    except CheckpointError as error:
        print_problems([error])
        return BAD_INPUT
    print_lines(f"wrote {target}: {numbers:,} numbers; play it with '--generator {name} --weights {target}'")
    return DONE


def _list(folder: Path) -> int:
    print_lines(f"{folder} ({HOME_VARIABLE} chooses another place)")
    for name, files in MODELS.items():
        print_lines("", name)
        for file in files:
            path = folder / file.path
            size = f"{path.stat().st_size / _MIB:.1f} MiB" if path.is_file() else "missing"
            optional = "" if file.needed else " (not needed to play)"
            print_lines(f"  {size:>11}  {file.path}  {file.what}{optional}")
    if not missing_modules("models"):
        from segue.model.native.compiler import VARIABLE, prospect

        print_lines("", f"They are computed with {prospect()[1]} ({VARIABLE} chooses: auto, integer or float32).")
    print_lines("", _LICENCE)
    return DONE


def _fetch(name: str, folder: Path) -> int:
    from segue import model_store

    if text := missing_text("mrt2"):
        print_problems([f"segue models fetch: {text}"])
        return BAD_INPUT
    print_lines(_LICENCE)
    repository = MODELS[name][0].repository
    try:
        for file in model_store.fetch(name, folder, model_store.from_hub):
            repository = file.repository
            print_lines(f"fetching {file.path} to {folder}")
    except Exception as error:
        # Of huggingface_hub and what it stands on: no base class tells them from others. Some are an OSError, without
        # the number and the file that those of the disk have.
        if isinstance(error, OSError) and error.errno is not None and error.filename is not None:
            raise
        print_problems(
            [
                f"cannot fetch from {repository}: {type(error).__name__}: {error}",
                "run the command again to go on where it broke off; if access is refused, accept the licence on the "
                "model's page and run 'hf auth login'",
            ]
        )
        return FAILED
    return _verify(name, folder)


def _verify(name: str | None, folder: Path) -> int:
    from segue import model_store

    if text := missing_text("models"):
        print_problems([f"segue models verify: {text}"])
        return BAD_INPUT
    # Without a name, models that were never fetched are of no interest.
    names = [name] if name else [each for each, files in MODELS.items() if (folder / files[0].path).is_file()]
    if not names:
        print_problems([f"no model is in {folder}; run 'segue models fetch NAME' for one of {', '.join(MODELS)}"])
        return FAILED
    bad = False
    seen: set[str] = set()
    try:
        for each in names:
            for verdict in model_store.verify(each, folder, _check_weights):
                if verdict.file.path in seen:
                    continue
                seen.add(verdict.file.path)
                if verdict.status in ("ok", "pinned"):
                    first = "; first verification: its hash is kept" if verdict.status == "pinned" else ""
                    print_lines(f"ok       {verdict.file.path}  sha256 {verdict.text}{first}")
                elif verdict.status == "missing" and not verdict.file.needed:
                    print_lines(f"note     {verdict.text}; optional ({verdict.file.what})")
                else:
                    bad = True
                    fetch = f"; run 'segue models fetch {each}'" if verdict.status == "missing" else ""
                    print_problems([verdict.text + fetch])
    except model_store.HashesError as error:
        print_problems([error])
        return BAD_INPUT
    return FAILED if bad else DONE
