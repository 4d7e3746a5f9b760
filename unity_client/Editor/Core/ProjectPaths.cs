// Paths of a Unity project: relative ones with slashes, as assets have them, and full ones.
#nullable enable
using System;
using System.IO;

namespace Segue.EditorTools
{
    public sealed class ProjectPaths
    {
        private readonly string root;

        /// <summary>folder: the project's, which has the folder Assets.</summary>
        public ProjectPaths(string folder)
        {
            root = Path.GetFullPath(folder).TrimEnd(Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar);
        }

        /// <summary>The project's folder.</summary>
        public string Root => root;

        /// <summary>A path of the project as a full one; full ones stay.</summary>
        public string Full(string path) => Path.GetFullPath(Path.Combine(root, path));

        /// <summary>A full path relative to the project; one outside of it stays.</summary>
        public string Local(string path)
        {
            var full = Full(path);
            var isInside = full.Length > root.Length
                && full.StartsWith(root, StringComparison.Ordinal)
                && (full[root.Length] == Path.DirectorySeparatorChar || full[root.Length] == Path.AltDirectorySeparatorChar);
            return isInside ? Slashed(full.Substring(root.Length + 1)) : path;
        }

        /// <summary>Outside Windows a backslash may be part of a name.</summary>
        private static string Slashed(string path) =>
            Path.DirectorySeparatorChar == '/' ? path : path.Replace(Path.DirectorySeparatorChar, '/');
    }
}
