"""`python -m segue.training.orchestra`: make the bundled soundfont, its levels, licence, hash and card again.

Downloads the source package with `apt-get download` into the cache, checks its hash, cuts, writes. The same package
gives the same bytes. Needs a Debian machine (apt-get, dpkg-deb).
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
from collections.abc import Mapping
from pathlib import Path

from segue.instruments import NAMES
from segue.score.sampler.kits import CHIP, DRUM_KIT, KITS
from segue.score.sampler.levels import level_name, write_levels
from segue.score.sampler.notes import NoteBank
from segue.score.sampler.orchestra import ORCHESTRA
from segue.score.sampler.patches import PATCHES
from segue.score.sampler.soundfont import SoundFont, read_soundfont
from segue.training.orchestra import recipe
from segue.training.orchestra.cut import cut, soundfont_bytes
from segue.training.orchestra.tune import retuned

_WEIGHTS = Path(__file__).parents[2] / "weights" / "orchestra"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m segue.training.orchestra", description=__doc__)
    parser.add_argument("--cache", type=Path, default=Path(".cache/orchestra"), help="where the package is kept")
    parser.add_argument("--out", type=Path, default=_WEIGHTS, help="folder to write")
    arguments = parser.parse_args()
    unpacked = fetch(arguments.cache)
    source = read_soundfont(unpacked / recipe.SOUNDFONT_PATH)
    licence = (unpacked / recipe.COPYRIGHT_PATH).read_text(encoding="utf-8")
    font, corrected = retuned(cut(source, recipe.wanted(), _info(source)), recipe.pitched())
    raw = soundfont_bytes(font)
    if len(raw) > recipe.MAX_BYTES:
        raise SystemExit(f"orchestra.sf3: expected at most {recipe.MAX_BYTES} bytes, got {len(raw)}")
    arguments.out.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256(raw).hexdigest()
    (arguments.out / "orchestra.sf3").write_bytes(raw)
    (arguments.out / "orchestra.sf3.sha256").write_text(f"{digest}  orchestra.sf3\n", encoding="utf-8")
    (arguments.out / "LICENSE").write_text(licence, encoding="utf-8")
    (arguments.out / "CARD.md").write_text(card(font, corrected, raw, digest), encoding="utf-8")
    bank = NoteBank(arguments.out / "orchestra.sf3", patches_first=True)
    kits = {level_name(kit, drums=True): bank.kit_register(kit) for kit in KITS}
    programs = {level_name(program, drums=False): bank.register(program) for program in ORCHESTRA}
    write_levels(arguments.out / "levels.json", kits | programs)
    print(f"{arguments.out / 'orchestra.sf3'}: {len(raw) / 2**20:.2f} MiB, sha256 {digest}")


def fetch(cache: Path) -> Path:
    """The unpacked source package, downloaded if need be.

    Raises:
        ValueError: If the package is not the one the recipe names.
        CalledProcessError: If a tool fails.
    """
    cache.mkdir(parents=True, exist_ok=True)
    package = cache / recipe.PACKAGE_FILE
    if not package.exists():
        subprocess.run(["apt-get", "download", f"{recipe.PACKAGE}={recipe.PACKAGE_VERSION}"], cwd=cache, check=True)
    digest = hashlib.sha256(package.read_bytes()).hexdigest()
    if digest != recipe.PACKAGE_SHA256:
        raise ValueError(f"{package}: expected sha256 {recipe.PACKAGE_SHA256}, got {digest}")
    unpacked = cache / "unpacked"
    subprocess.run(["dpkg-deb", "-x", str(package), str(unpacked)], check=True)
    return unpacked


def _info(source: SoundFont) -> dict[str, bytes]:
    """INFO of the cut: the source's version, engine and copyright, under a name of its own."""
    kept = {tag: source.info[tag] for tag in ("ifil", "isng", "IENG", "ICOP", "ICMT") if tag in source.info}
    return {**kept, "INAM": b"Segue orchestra, cut from FluidR3Mono_GM\0\0"}


def card(font: SoundFont, corrected: Mapping[int, float], raw: bytes, digest: str) -> str:
    """The card that stands beside the file."""
    samples = len(font.tables["shdr"]) - 1
    furthest = max(map(abs, corrected.values()), default=0.0)
    kits = [kit.name for kit in KITS.values() if kit.program != CHIP]
    synthesised = ", ".join(NAMES[program] for program in sorted(PATCHES))
    rows = "\n".join(f"| {row.program} | {row.name} | {row.low}-{row.high} |" for row in ORCHESTRA.values())
    return f"""# orchestra.sf3

The instruments of the bundled generators: the {len(ORCHESTRA)} General MIDI programmes and {len(kits)} drum kits of
{len(DRUM_KIT)} keys ({", ".join(kits)}), {samples} samples (Ogg Vorbis, mono), {len(raw):,} bytes.

* Source: `{Path(recipe.SOUNDFONT_PATH).name}` from Debian's `{recipe.PACKAGE}` {recipe.PACKAGE_VERSION}
  (package sha256 `{recipe.PACKAGE_SHA256}`).
* Licence: MIT, text in `LICENSE`. Copyright Frank Wen, Michael Cowgill and others named there.
* Made by `python -m segue.training.orchestra`; sha256 `{digest}`.
* What was cut: presets and drum keys that the tables of the orchestra do not name, and samples closer to their
  neighbour than the recipe asks (4 semitones, 5 for the largest programmes). Samples were copied, not encoded again.
* What was changed: the pitch correction of {len(corrected)} samples that stood 3 cents or more (at most
  {furthest:.0f}) from their key.
* For other synthesizers alone, since Segue synthesises these itself: {synthesised}.
* Known limits: mono samples, one velocity layer each (loudness and brightness follow velocity), no round robin.

| programme | name | keys |
|---:|---|---|
{rows}
"""


if __name__ == "__main__":
    main()
