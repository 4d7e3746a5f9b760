// The kinds of values a field may have: each reads a decoded value or says what is wrong with it.
#nullable enable
using System;
using System.Collections.Generic;
using System.Globalization;

namespace Segue.Protocol
{
    /// <summary>PROTOCOL.md section 2.4. The factories are the words of MessageTables.</summary>
    public abstract class Kind
    {
        /// <summary>The value as a record keeps it. Throws ProtocolException naming the path.</summary>
        public abstract Value Read(Value value, string path);

        internal static Kind Integer(long low, long high, long step = 1) => new IntegerKind(low, high, step);

        internal static Kind Real(double low, double high) => new RealKind(low, high);

        internal static Kind Boolean() => new PlainKind(ValueKind.Boolean);

        internal static Kind Text(int least, int most) => new TextKind(least, most);

        internal static Kind Word(params string[] words) => new WordKind(words);

        internal static Kind Bytes(int least, int most) => new BytesKind(least, most);

        internal static Kind AnyValue() => new AnyValueKind();

        internal static Kind ListOf(Kind item, int least, int most) => new ListKind(item, least, most);

        internal static Kind MapOf(Kind item, int most) => new MapKind(item, most);

        internal static Kind RecordOf(RecordTable table) => new RecordKind(table);

        private protected static Value Expect(Value value, ValueKind kind, string path)
        {
            if (value.Kind != kind)
            {
                throw new ProtocolException(
                    ErrorCode.WrongType, path + ": expected " + kind + ", got " + value.Kind);
            }
            return value;
        }

        /// <summary>A number as PROTOCOL.md writes its bounds.</summary>
        private protected static string Bound(double number)
        {
            if (Math.Abs(number) == Limits.LargestInteger)
            {
                return number < 0 ? "-(2^53 - 1)" : "(2^53 - 1)";
            }
            return number.ToString(CultureInfo.InvariantCulture);
        }

        private protected static void CheckLength(int length, int least, int most, string path)
        {
            if (length < least || length > most)
            {
                throw new ProtocolException(
                    ErrorCode.OutOfRange, path + ": expected a length of " + least + " to " + most + ", got " + length);
            }
        }
    }

    internal sealed class IntegerKind : Kind
    {
        private readonly long low;
        private readonly long high;
        private readonly long step;

        public IntegerKind(long low, long high, long step)
        {
            this.low = low;
            this.high = high;
            this.step = step;
        }

        public override Value Read(Value value, string path)
        {
            // Languages with one type of numbers send whole numbers as reals.
            if (value.Kind == ValueKind.Real && Math.Floor(value.AsReal) == value.AsReal)
            {
                return Read(Whole(value.AsReal, path), path);
            }
            var number = Expect(value, ValueKind.Integer, path).AsInteger;
            if (number < low || number > high || number % step != 0)
            {
                throw OutOfRange(path, number);
            }
            return value;
        }

        private Value Whole(double number, string path)
        {
            // Checked first: not every real has a long. An infinity is its own floor.
            if (number < low || number > high)
            {
                throw OutOfRange(path, number);
            }
            return Value.Of((long)number);
        }

        private ProtocolException OutOfRange(string path, double number)
        {
            var multiple = step > 1 ? ", multiple of " + step : "";
            return new ProtocolException(
                ErrorCode.OutOfRange,
                path + ": expected " + Bound(low) + " to " + Bound(high) + multiple + ", got " + Bound(number));
        }
    }

    /// <summary>An integer is read as the real it equals.</summary>
    internal sealed class RealKind : Kind
    {
        private readonly double low;
        private readonly double high;

        public RealKind(double low, double high)
        {
            this.low = low;
            this.high = high;
        }

        public override Value Read(Value value, string path)
        {
            var number = value.Kind == ValueKind.Integer
                ? value.AsInteger
                : Expect(value, ValueKind.Real, path).AsReal;
            if (double.IsNaN(number) || double.IsInfinity(number))
            {
                throw new ProtocolException(ErrorCode.NotFinite, path + ": expected a finite number");
            }
            if (number < low || number > high)
            {
                throw new ProtocolException(
                    ErrorCode.OutOfRange,
                    path + ": expected " + Bound(low) + " to " + Bound(high) + ", got " + Bound(number));
            }
            return Value.Of(number);
        }
    }

    internal sealed class PlainKind : Kind
    {
        private readonly ValueKind kind;

        public PlainKind(ValueKind kind)
        {
            this.kind = kind;
        }

        public override Value Read(Value value, string path) => Expect(value, kind, path);
    }

    /// <summary>Lengths are UTF-8 bytes.</summary>
    internal sealed class TextKind : Kind
    {
        private readonly int least;
        private readonly int most;

        public TextKind(int least, int most)
        {
            this.least = least;
            this.most = most;
        }

        public override Value Read(Value value, string path)
        {
            var text = Expect(value, ValueKind.Text, path).AsText;
            CheckLength(Utf8.Length(text, path), least, most, path);
            if (text.IndexOf('\0') >= 0)
            {
                throw new ProtocolException(ErrorCode.BadValue, path + ": expected a text without U+0000");
            }
            return value;
        }
    }

    internal sealed class WordKind : Kind
    {
        private readonly string[] words;

        public WordKind(string[] words)
        {
            this.words = words;
        }

        public override Value Read(Value value, string path)
        {
            if (Array.IndexOf(words, Expect(value, ValueKind.Text, path).AsText) < 0)
            {
                throw new ProtocolException(
                    ErrorCode.BadValue, path + ": expected one of " + string.Join(", ", words));
            }
            return value;
        }
    }

    internal sealed class BytesKind : Kind
    {
        private readonly int least;
        private readonly int most;

        public BytesKind(int least, int most)
        {
            this.least = least;
            this.most = most;
        }

        public override Value Read(Value value, string path)
        {
            CheckLength(Expect(value, ValueKind.Bytes, path).AsBytes.Length, least, most, path);
            return value;
        }
    }

    /// <summary>What an input may be set to: a number within ±(2^53 - 1), a boolean or a name.</summary>
    internal sealed class AnyValueKind : Kind
    {
        private static readonly Kind Whole = Integer(-Limits.LargestInteger, Limits.LargestInteger);
        private static readonly Kind Number = Real(-Limits.LargestInteger, Limits.LargestInteger);
        private static readonly Kind Name = Text(0, Limits.NameBytes);

        public override Value Read(Value value, string path)
        {
            switch (value.Kind)
            {
                case ValueKind.Boolean:
                    return value;
                case ValueKind.Integer:
                    return Whole.Read(value, path);
                case ValueKind.Real:
                    return Number.Read(value, path);
                case ValueKind.Text:
                    return Name.Read(value, path);
                default:
                    throw new ProtocolException(
                        ErrorCode.WrongType, path + ": expected a number, a boolean or a text, got " + value.Kind);
            }
        }
    }

    internal sealed class ListKind : Kind
    {
        private readonly Kind item;
        private readonly int least;
        private readonly int most;

        public ListKind(Kind item, int least, int most)
        {
            this.item = item;
            this.least = least;
            this.most = most;
        }

        public override Value Read(Value value, string path)
        {
            var items = Expect(value, ValueKind.List, path).AsList;
            CheckLength(items.Count, least, most, path);
            var read = new List<Value>(items.Count);
            foreach (var each in items)
            {
                read.Add(item.Read(each, path));
            }
            return Value.Of(read);
        }
    }

    /// <summary>Names are texts of 1 to 64 bytes.</summary>
    internal sealed class MapKind : Kind
    {
        private static readonly Kind Name = Text(1, Limits.NameBytes);

        private readonly Kind item;
        private readonly int most;

        public MapKind(Kind item, int most)
        {
            this.item = item;
            this.most = most;
        }

        public override Value Read(Value value, string path)
        {
            var map = Expect(value, ValueKind.Map, path).AsMap;
            CheckLength(map.Count, 0, most, path);
            var read = new Map();
            foreach (var pair in map)
            {
                Name.Read(Value.Of(pair.Key), path);
                read.Add(pair.Key, item.Read(pair.Value, path));
            }
            return Value.Of(read);
        }
    }

    /// <summary>A map whose fields a table names.</summary>
    internal sealed class RecordKind : Kind
    {
        private readonly RecordTable table;

        public RecordKind(RecordTable table)
        {
            this.table = table;
        }

        public override Value Read(Value value, string path) =>
            Value.Of(table.Read(Expect(value, ValueKind.Map, path).AsMap, path + "."));
    }
}
