// Reads the JSON that a service prints.
#nullable enable
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using Segue.Protocol;

namespace Segue.Service
{
    /// <summary>
    /// Objects become maps, numbers without point and exponent integers. Source: RFC 8259. The engine's own reader needs
    /// a class for each form, and .NET Standard 2.1 has none.
    /// </summary>
    public sealed class JsonReader
    {
        private const int MostDeep = 64;

        private readonly string text;
        private int at;
        private int depth;

        private JsonReader(string text)
        {
            this.text = text;
        }

        /// <summary>False if the text is no JSON, has a name twice in an object, or is nested too deep.</summary>
        public static bool TryRead(string text, out Value value)
        {
            var reader = new JsonReader(text);
            try
            {
                value = reader.Next();
                reader.SkipSpace();
                return reader.at == text.Length;
            }
            catch (FormatException)
            {
                value = Value.Nil;
                return false;
            }
        }

        private Value Next()
        {
            SkipSpace();
            switch (Peek())
            {
                case '{':
                    return Object();
                case '[':
                    return List();
                case '"':
                    return Value.Of(Text());
                case 't':
                    return Word("true", Value.Of(true));
                case 'f':
                    return Word("false", Value.Of(false));
                case 'n':
                    return Word("null", Value.Nil);
                default:
                    return Number();
            }
        }

        private Value Object()
        {
            var map = new Map();
            Enter();
            for (var isFirst = true; !Ends('}', isFirst); isFirst = false)
            {
                SkipSpace();
                var name = Text();
                SkipSpace();
                Expect(':');
                if (!map.TryAdd(name, Next()))
                {
                    throw Unexpected();
                }
            }
            return Value.Of(map);
        }

        private Value List()
        {
            var items = new List<Value>();
            Enter();
            for (var isFirst = true; !Ends(']', isFirst); isFirst = false)
            {
                items.Add(Next());
            }
            return Value.Of(items);
        }

        private void Enter()
        {
            at++;
            if (++depth > MostDeep)
            {
                throw Unexpected();
            }
        }

        /// <summary>Takes the end of an object or a list, or the comma before its next member.</summary>
        private bool Ends(char end, bool isFirst)
        {
            SkipSpace();
            if (Peek() == end)
            {
                at++;
                depth--;
                return true;
            }
            if (!isFirst)
            {
                Expect(',');
            }
            return false;
        }

        private string Text()
        {
            Expect('"');
            var read = new StringBuilder();
            while (Peek() != '"')
            {
                var each = text[at++];
                if (each < ' ')
                {
                    throw Unexpected();
                }
                read.Append(each == '\\' ? Escaped() : each);
            }
            at++;
            return read.ToString();
        }

        private char Escaped()
        {
            const string names = "\"\\/bfnrt";
            const string meant = "\"\\/\b\f\n\r\t";
            var name = Peek();
            at++;
            if (name == 'u')
            {
                var digits = at + 4 <= text.Length ? text.Substring(at, 4) : "";
                at += 4;
                return ushort.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code)
                    ? (char)code
                    : throw Unexpected();
            }
            var found = names.IndexOf(name);
            return found < 0 ? throw Unexpected() : meant[found];
        }

        private Value Number()
        {
            var from = at;
            while (at < text.Length && "+-.0123456789eE".IndexOf(text[at]) >= 0)
            {
                at++;
            }
            var digits = text.Substring(from, at - from);
            if (long.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole))
            {
                return Value.Of(whole);
            }
            return double.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out var real)
                ? Value.Of(real)
                : throw Unexpected();
        }

        private Value Word(string word, Value meant)
        {
            if (string.CompareOrdinal(text, at, word, 0, word.Length) != 0)
            {
                throw Unexpected();
            }
            at += word.Length;
            return meant;
        }

        private void Expect(char wanted)
        {
            if (Peek() != wanted)
            {
                throw Unexpected();
            }
            at++;
        }

        private char Peek() => at < text.Length ? text[at] : throw Unexpected();

        private void SkipSpace()
        {
            while (at < text.Length && " \t\r\n".IndexOf(text[at]) >= 0)
            {
                at++;
            }
        }

        private FormatException Unexpected() => new FormatException("JSON: unexpected at " + at);
    }
}
