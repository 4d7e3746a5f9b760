// Answers invalid messages: ten times a second at most, and never an `error` or a `bye`.
#nullable enable
using System;
using System.Collections.Generic;
using System.Text;
using Segue.Protocol;

namespace Segue.Session
{
    /// <summary>Two sides that refuse each other's answers would never end without it.</summary>
    internal sealed class RefusalLimiter
    {
        private const int MostPerSecond = 10;
        private const int AboutBytes = 64;

        private double sinceS;
        private int answers;

        /// <summary>
        /// Type and number of a message, as far as it can be read: `about` and `seq` of an `error`.
        /// </summary>
        public static void Read(IReadOnlyList<byte[]> parts, out string about, out long seq)
        {
            about = "";
            seq = 0;
            Map map;
            try
            {
                map = Unpacker.Unpack(parts.Count == 0 ? Array.Empty<byte>() : parts[0]);
            }
            catch (ProtocolException)
            {
                return;
            }
            if (map.TryGet("t", out var type) && type.Kind == ValueKind.Text)
            {
                about = Encoding.UTF8.GetByteCount(type.AsText) <= AboutBytes ? type.AsText : "";
            }
            foreach (var name in new[] { "seq", "id" })
            {
                if (seq == 0 && map.TryGet(name, out var number) && number.Kind == ValueKind.Integer)
                {
                    seq = Math.Max(0, number.AsInteger);
                }
            }
        }

        /// <summary>The `error` to send for a message; null if there is none to send.</summary>
        public Message? Answer(string code, string text, string about, long seq, double nowS)
        {
            if (nowS - sinceS >= 1.0)
            {
                answers = 0;
                sinceS = nowS;
            }
            answers++;
            if (about == "error" || about == "bye" || answers > MostPerSecond)
            {
                return null;
            }
            return Message.Of(MessageTables.Error, new Map
            {
                { "code", Value.Of(code) },
                { "text", Value.Of(Cut(text)) },
                { "about", Value.Of(about) },
                { "seq", Value.Of(seq) },
            });
        }

        /// <summary>The text's beginning that fits a message.</summary>
        private static string Cut(string text)
        {
            while (Encoding.UTF8.GetByteCount(text) > SessionLimits.TextBytes)
            {
                text = text.Substring(0, Math.Min(text.Length - 1, SessionLimits.TextBytes));
            }
            return text;
        }
    }
}
