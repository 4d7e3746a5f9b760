// Reads scenes, prefabs and assets as Unity writes them with the asset serialization mode Force Text.
#nullable enable
using System;
using System.Collections.Generic;

namespace Segue.EditorTools
{
    /// <summary>A field of an object in a scene.</summary>
    public readonly struct SceneField
    {
        public SceneField(int objectNumber, string scriptGuid, string path, string value, int line)
        {
            Object = objectNumber;
            ScriptGuid = scriptGuid;
            Path = path;
            Value = value;
            Line = line;
        }

        /// <summary>The number of the object in the file, from 0.</summary>
        public int Object { get; }

        /// <summary>The GUID of the object's script; empty: it has none.</summary>
        public string ScriptGuid { get; }

        /// <summary>The names that lead to it, such as settings.rules; a member of a list has that of the list.</summary>
        public string Path { get; }

        /// <summary>As it is written, without quotation marks.</summary>
        public string Value { get; }

        /// <summary>From 1.</summary>
        public int Line { get; }
    }

    public static class SceneText
    {
        private const string Start = "%YAML";

        /// <summary>Whether a text is one that Unity writes; a binary scene is none.</summary>
        public static bool IsScene(string text) => text.StartsWith(Start, StringComparison.Ordinal);

        /// <summary>
        /// The fields of all objects, in order. Of YAML only what Unity writes is understood: blocks, a field a line.
        /// </summary>
        public static List<SceneField> Fields(string text)
        {
            var found = new List<SceneField>();
            var ofObject = new List<SceneField>();
            var names = new List<KeyValuePair<int, string>>();
            var number = -1;
            var guid = "";
            void End()
            {
                foreach (var each in ofObject)
                {
                    found.Add(new SceneField(each.Object, guid, each.Path, each.Value, each.Line));
                }
                ofObject.Clear();
                names.Clear();
                guid = "";
            }
            var lines = text.Split('\n');
            for (var i = 0; i < lines.Length; i++)
            {
                var line = lines[i].TrimEnd('\r');
                if (line.StartsWith("--- ", StringComparison.Ordinal))
                {
                    End();
                    number++;
                    continue;
                }
                var indent = Indent(ref line);
                var colon = line.IndexOf(':');
                if (colon <= 0 || (colon + 1 < line.Length && line[colon + 1] != ' '))
                {
                    continue;
                }
                while (names.Count > 0 && names[names.Count - 1].Key >= indent)
                {
                    names.RemoveAt(names.Count - 1);
                }
                var name = line.Substring(0, colon);
                var value = Bare(line.Substring(colon + 1).Trim());
                names.Add(new KeyValuePair<int, string>(indent, name));
                // The first is the object's type.
                var parts = names.ConvertAll(each => each.Value).GetRange(1, names.Count - 1);
                if (parts.Count == 1 && name == "m_Script")
                {
                    guid = GuidOf(value);
                }
                if (parts.Count > 0 && value.Length > 0)
                {
                    ofObject.Add(new SceneField(number, "", string.Join(".", parts), value, i + 1));
                }
            }
            End();
            return found;
        }

        /// <summary>The GUID of a reference such as {fileID: 4900000, guid: 0123…, type: 3}; empty: it has none.</summary>
        public static string GuidOf(string reference)
        {
            const string mark = "guid: ";
            const int length = 32;
            var at = reference.IndexOf(mark, StringComparison.Ordinal);
            return at >= 0 && reference.Length >= at + mark.Length + length
                ? reference.Substring(at + mark.Length, length)
                : "";
        }

        /// <summary>A text with another value of the field in a line. Throws ArgumentException: the line has another.</summary>
        public static string Replaced(string text, int line, string from, string to)
        {
            var lines = text.Split('\n');
            var old = line <= lines.Length ? lines[line - 1] : "";
            var colon = old.IndexOf(": ", StringComparison.Ordinal);
            var end = old.TrimEnd('\r');
            if (colon < 0 || Bare(end.Substring(colon + 2).Trim()) != from)
            {
                throw new ArgumentException("line " + line + ": expected '" + from + "'; the file has changed meanwhile");
            }
            lines[line - 1] = old.Substring(0, colon + 2) + to + old.Substring(end.Length);
            return string.Join("\n", lines);
        }

        /// <summary>Takes the spaces and the dash of a list's member from a line; how many letters they are.</summary>
        private static int Indent(ref string line)
        {
            var indent = 0;
            while (indent < line.Length && line[indent] == ' ')
            {
                indent++;
            }
            line = line.Substring(indent);
            while (line.StartsWith("- ", StringComparison.Ordinal))
            {
                indent += 2;
                line = line.Substring(2);
            }
            return indent;
        }

        private static string Bare(string value)
        {
            var isQuoted = value.Length >= 2 && value[0] == value[value.Length - 1] && (value[0] == '\'' || value[0] == '"');
            if (!isQuoted)
            {
                return value;
            }
            var inner = value.Substring(1, value.Length - 2);
            return value[0] == '\'' ? inner.Replace("''", "'") : inner;
        }
    }
}
