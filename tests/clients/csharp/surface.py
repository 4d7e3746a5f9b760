"""That a library needs no type beyond netstandard 2.1: `python surface.py ROSLYN DOTNET LIBRARY [OTHER LIBRARY]...`.

It may also use the types of the other libraries. Types only: of members .NET's netstandard.dll tells nothing. Nor may
it name reflection or dynamic code, where IL2CPP falls short.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from csc import load

_FORBIDDEN = ("System.Reflection", "System.Linq.Expressions", "System.Dynamic", "Microsoft.CSharp")
# What the compiler itself writes, or embeds in the assembly where the framework is older.
_WRITTEN_BY_COMPILER = {
    "System.Reflection.DefaultMemberAttribute",
    "System.Runtime.CompilerServices.NullableAttribute",
    "System.Runtime.CompilerServices.NullableContextAttribute",
    "System.Runtime.CompilerServices.RefSafetyRulesAttribute",
}


def metadata(path: str) -> tuple[Any, Any]:
    """An assembly's tables, and the file they are read from, to be kept as long."""
    from System.IO import File
    from System.Reflection.Metadata import PEReaderExtensions
    from System.Reflection.PortableExecutable import PEReader

    file = PEReader(File.OpenRead(path))
    return PEReaderExtensions.GetMetadataReader(file), file


def names(reader: Any, rows: Any, row_of: Any) -> set[str]:
    """The full names of the types in a table of references or of exports; nested ones have no namespace."""
    found = set()
    for handle in rows:
        row = row_of(handle)
        namespace, name = reader.GetString(row.Namespace), reader.GetString(row.Name)
        found.add(f"{namespace}.{name}" if namespace else name)
    return found


def main() -> int:
    roslyn, dotnet, library, *others = sys.argv[1:]
    load(roslyn, dotnet)
    framework = os.path.dirname(next(_find(dotnet, "netstandard.dll")))
    surface, surface_file = metadata(os.path.join(framework, "netstandard.dll"))
    ours, our_file = metadata(library)
    allowed = names(surface, surface.ExportedTypes, surface.GetExportedType)
    for other in others:
        theirs, their_file = metadata(other)
        allowed |= names(theirs, theirs.TypeDefinitions, theirs.GetTypeDefinition)
        their_file.Dispose()
    used = names(ours, ours.TypeReferences, ours.GetTypeReference)
    forbidden = {name for name in used if name.startswith(_FORBIDDEN)}
    bad = ((used - allowed) | forbidden) - _WRITTEN_BY_COMPILER
    for name in sorted(bad):
        print(f"{os.path.basename(library)}: expected types of netstandard 2.1 without reflection, got {name}")
    for file in (surface_file, our_file):
        file.Dispose()
    print(f"{os.path.basename(library)}: {len(used) - len(bad)} types of netstandard 2.1 used, {len(bad)} others")
    return 1 if bad or not used else 0


def _find(folder: str, name: str) -> Any:
    for parent, _, files in os.walk(folder):
        if name in files:
            yield os.path.join(parent, name)


if __name__ == "__main__":
    sys.exit(main())
