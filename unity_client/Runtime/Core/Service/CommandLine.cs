// Words as the one text of arguments that a process is started with.
#nullable enable
using System;
using System.Collections.Generic;
using System.Text;

namespace Segue.Service
{
    /// <summary>
    /// Mono outside Windows takes a text of arguments apart as a shell does; .NET, and Windows, as C programs on Windows
    /// do. A list of arguments, which would need no such text, is not in all of Unity's versions.
    /// </summary>
    internal static class CommandLine
    {
        private static readonly bool IsShell =
            Environment.OSVersion.Platform == PlatformID.Unix && Type.GetType("Mono.Runtime") != null;

        public static string Of(IEnumerable<string> words)
        {
            var line = new StringBuilder();
            foreach (var word in words)
            {
                line.Append(line.Length > 0 ? " " : "").Append(IsShell ? Quoted(word) : Escaped(word));
            }
            return line.ToString();
        }

        private static string Quoted(string word) => "'" + word.Replace("'", "'\\''") + "'";

        /// <summary>Backslashes count only before a quotation mark, where each is doubled.</summary>
        private static string Escaped(string word)
        {
            var escaped = new StringBuilder("\"");
            var backslashes = 0;
            foreach (var each in word)
            {
                if (each == '"')
                {
                    escaped.Append('\\', backslashes + 1);
                }
                backslashes = each == '\\' ? backslashes + 1 : 0;
                escaped.Append(each);
            }
            return escaped.Append('\\', backslashes).Append('"').ToString();
        }
    }
}
