"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A place beside `path` to write to; what is there takes the place of `path` at the end of the block.

    An error or Ctrl-C within the block leaves nothing behind. Raises: OSError if the place cannot be written.
    """
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    os.close(handle)
    partial = Path(name)
    try:
        # mkstemp's 0600 is for secrets; a finished file is readable as the user's umask says.
        mask = os.umask(0)
        os.umask(mask)
        partial.chmod(0o666 & ~mask)
        yield partial
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
