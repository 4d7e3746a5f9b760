// Which files of a project are rule files.
#nullable enable
using System;
using System.Collections.Generic;
using System.IO;

namespace Segue.EditorTools
{
    public static class RuleFiles
    {
        // Most that is read of a file to see what it is.
        private const int HeadBytes = 65_536;

        private static readonly byte[] Key = { (byte)'s', (byte)'e', (byte)'g', (byte)'u', (byte)'e', (byte)':' };

        /// <summary>
        /// The full paths of the rule files below a folder, sorted: YAML that has the line `segue:`, with no tests or
        /// events. What Unity does not import is left out, and links to folders are not followed.
        /// </summary>
        public static List<string> In(string folder)
        {
            var found = new List<string>();
            foreach (var file in FilesIn(folder, name => HasEnding(name, ".yaml") || HasEnding(name, ".yml")))
            {
                if (IsRuleFile(file))
                {
                    found.Add(file);
                }
            }
            return found;
        }

        /// <summary>The full paths of the files below a folder whose names are wanted, sorted, as of In.</summary>
        public static List<string> FilesIn(string folder, Predicate<string> isWanted)
        {
            var found = new List<string>();
            Find(folder, isWanted, found);
            found.Sort(StringComparer.Ordinal);
            return found;
        }

        /// <summary>Whether a file's name has an ending, whatever its case.</summary>
        public static bool HasEnding(string name, string ending) => name.EndsWith(ending, StringComparison.OrdinalIgnoreCase);

        /// <summary>Whether a YAML file has the version of the rules near its beginning, and no tests or events.</summary>
        public static bool IsRuleFile(string path)
        {
            var stem = Path.GetFileNameWithoutExtension(path);
            if (stem.EndsWith(".test", StringComparison.Ordinal) || stem.EndsWith(".events", StringComparison.Ordinal))
            {
                return false;
            }
            try
            {
                var length = new FileInfo(path).Length;
                if (length == 0)
                {
                    // To open a pipe would wait for whoever writes to it.
                    return false;
                }
                using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
                var head = new byte[Math.Min(HeadBytes, length)];
                return HasKey(head, file.Read(head, 0, head.Length));
            }
            catch (Exception error) when (error is IOException || error is UnauthorizedAccessException || error is NotSupportedException)
            {
                return false;
            }
        }

        /// <summary>Whether a folder is a link, which may lead back to a folder above.</summary>
        public static bool IsLink(string path) => (File.GetAttributes(path) & FileAttributes.ReparsePoint) != 0;

        private static bool HasKey(byte[] head, int count)
        {
            // The mark of UTF-8 that some editors write at a file's beginning.
            var from = count >= 3 && head[0] == 0xef && head[1] == 0xbb && head[2] == 0xbf ? 3 : 0;
            for (var at = from; at + Key.Length <= count; at++)
            {
                var isLineStart = at == from || head[at - 1] == (byte)'\n';
                if (isLineStart && new ReadOnlySpan<byte>(head, at, Key.Length).SequenceEqual(Key))
                {
                    return true;
                }
            }
            return false;
        }

        private static void Find(string folder, Predicate<string> isWanted, List<string> found)
        {
            try
            {
                foreach (var file in Directory.GetFiles(folder))
                {
                    var name = Path.GetFileName(file);
                    if (!name.StartsWith(".", StringComparison.Ordinal) && isWanted(name))
                    {
                        found.Add(file);
                    }
                }
                foreach (var below in Directory.GetDirectories(folder))
                {
                    var name = Path.GetFileName(below);
                    var isHidden = name.StartsWith(".", StringComparison.Ordinal) || name.EndsWith("~", StringComparison.Ordinal);
                    if (!isHidden && !IsLink(below))
                    {
                        Find(below, isWanted, found);
                    }
                }
            }
            catch (Exception error) when (error is IOException || error is UnauthorizedAccessException)
            {
                // The folder is gone, or not to be read: it has no rule files for the editor.
            }
        }
    }
}
