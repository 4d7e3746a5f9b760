// Reads JSON, for the vectors: neither of the two runtimes has a reader that the other has too.
#nullable enable
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace Segue.Tests
{
    /// <summary>An object's members in the order of the file.</summary>
    internal sealed class JsonObject
    {
        public readonly List<KeyValuePair<string, object?>> Members = new List<KeyValuePair<string, object?>>();

        public bool Has(string name) => Find(name, out _);

        /// <summary>Throws KeyNotFoundException.</summary>
        public object? this[string name] =>
            Find(name, out var value) ? value : throw new KeyNotFoundException("JSON: no member " + name);

        private bool Find(string name, out object? value)
        {
            foreach (var member in Members)
            {
                if (member.Key == name)
                {
                    value = member.Value;
                    return true;
                }
            }
            value = null;
            return false;
        }
    }

    /// <summary>
    /// null, bool, string, long (a number without point or exponent), double, List&lt;object?&gt; or JsonObject.
    /// </summary>
    internal sealed class Json
    {
        private readonly string text;
        private int position;

        private Json(string text)
        {
            this.text = text;
        }

        public static object? Parse(string text)
        {
            var reader = new Json(text);
            var value = reader.Next();
            reader.SkipSpace();
            if (reader.position != text.Length)
            {
                throw reader.Unexpected();
            }
            return value;
        }

        private object? Next()
        {
            SkipSpace();
            switch (Peek())
            {
                case '{':
                    return NextObject();
                case '[':
                    return NextList();
                case '"':
                    return NextText();
                case 't':
                    return Literal("true", true);
                case 'f':
                    return Literal("false", false);
                case 'n':
                    return Literal("null", null);
                default:
                    return NextNumber();
            }
        }

        private JsonObject NextObject()
        {
            var found = new JsonObject();
            Expect('{');
            for (var first = true; !Ends('}', first); first = false)
            {
                SkipSpace();
                var name = NextText();
                SkipSpace();
                Expect(':');
                found.Members.Add(new KeyValuePair<string, object?>(name, Next()));
            }
            return found;
        }

        private List<object?> NextList()
        {
            var found = new List<object?>();
            Expect('[');
            for (var first = true; !Ends(']', first); first = false)
            {
                found.Add(Next());
            }
            return found;
        }

        /// <summary>Whether a list or object ends here; if not, the comma before its next item is read.</summary>
        private bool Ends(char bracket, bool first)
        {
            SkipSpace();
            if (Peek() == bracket)
            {
                position++;
                return true;
            }
            if (!first)
            {
                Expect(',');
            }
            return false;
        }

        private string NextText()
        {
            var read = new StringBuilder();
            Expect('"');
            while (Peek() != '"')
            {
                var character = text[position++];
                read.Append(character == '\\' ? NextEscaped() : character);
            }
            position++;
            return read.ToString();
        }

        private char NextEscaped()
        {
            const string Escapes = "\"\\/bfnrt";
            const string Meanings = "\"\\/\b\f\n\r\t";
            var escape = Peek();
            position++;
            if (escape == 'u')
            {
                var digits = text.Substring(position, 4);
                position += 4;
                return (char)int.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            }
            var index = Escapes.IndexOf(escape);
            return index >= 0 ? Meanings[index] : throw Unexpected();
        }

        private object NextNumber()
        {
            var start = position;
            while (position < text.Length && "+-.eE0123456789".IndexOf(text[position]) >= 0)
            {
                position++;
            }
            var number = text.Substring(start, position - start);
            return number.IndexOfAny(new[] { '.', 'e', 'E' }) < 0
                ? long.Parse(number, CultureInfo.InvariantCulture)
                : (object)double.Parse(number, CultureInfo.InvariantCulture);
        }

        private object? Literal(string word, object? value)
        {
            if (string.CompareOrdinal(text, position, word, 0, word.Length) != 0)
            {
                throw Unexpected();
            }
            position += word.Length;
            return value;
        }

        private void SkipSpace()
        {
            while (position < text.Length && char.IsWhiteSpace(text[position]))
            {
                position++;
            }
        }

        private char Peek() => position < text.Length ? text[position] : throw Unexpected();

        private void Expect(char character)
        {
            if (Peek() != character)
            {
                throw Unexpected();
            }
            position++;
        }

        private FormatException Unexpected() => new FormatException("JSON: unexpected at character " + position);
    }
}
