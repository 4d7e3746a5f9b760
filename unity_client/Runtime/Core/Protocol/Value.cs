// A value of a message: what MessagePack can say and the protocol allows, without boxing numbers.
#nullable enable
using System;
using System.Collections.Generic;

namespace Segue.Protocol
{
    public enum ValueKind
    {
        Nil,
        Boolean,
        Integer,
        Real,
        Text,
        Bytes,
        List,
        Map,
        Record,
    }

    /// <summary>One value. Reading it as another kind than it is throws InvalidOperationException.</summary>
    public readonly struct Value
    {
        public static readonly Value Nil = default;

        private readonly long bits;
        private readonly object? reference;

        private Value(ValueKind kind, long bits, object? reference)
        {
            Kind = kind;
            this.bits = bits;
            this.reference = reference;
        }

        public ValueKind Kind { get; }

        public bool IsNil => Kind == ValueKind.Nil;

        public bool AsBoolean => Expect(ValueKind.Boolean).bits != 0;

        public long AsInteger => Expect(ValueKind.Integer).bits;

        public double AsReal => BitConverter.Int64BitsToDouble(Expect(ValueKind.Real).bits);

        public string AsText => (string)Expect(ValueKind.Text).reference!;

        public byte[] AsBytes => (byte[])Expect(ValueKind.Bytes).reference!;

        public IReadOnlyList<Value> AsList => (IReadOnlyList<Value>)Expect(ValueKind.List).reference!;

        public Map AsMap => (Map)Expect(ValueKind.Map).reference!;

        public Record AsRecord => (Record)Expect(ValueKind.Record).reference!;

        public static Value Of(bool value) => new Value(ValueKind.Boolean, value ? 1 : 0, null);

        public static Value Of(long value) => new Value(ValueKind.Integer, value, null);

        public static Value Of(double value) =>
            new Value(ValueKind.Real, BitConverter.DoubleToInt64Bits(value), null);

        public static Value Of(string value) => new Value(ValueKind.Text, 0, value);

        public static Value Of(byte[] value) => new Value(ValueKind.Bytes, 0, value);

        public static Value Of(IReadOnlyList<Value> value) => new Value(ValueKind.List, 0, value);

        public static Value Of(Map value) => new Value(ValueKind.Map, 0, value);

        public static Value Of(Record value) => new Value(ValueKind.Record, 0, value);

        /// <summary>
        /// Whether a value equals another that is plain: nil, a scalar, or a list or map without content.
        /// </summary>
        internal bool EqualsPlain(Value other)
        {
            if (Kind != other.Kind)
            {
                return false;
            }
            switch (Kind)
            {
                case ValueKind.Real:
                    return AsReal == other.AsReal;
                case ValueKind.Text:
                    return string.Equals(AsText, other.AsText, StringComparison.Ordinal);
                case ValueKind.List:
                    return AsList.Count == 0 && other.AsList.Count == 0;
                case ValueKind.Map:
                    return AsMap.Count == 0 && other.AsMap.Count == 0;
                case ValueKind.Bytes:
                case ValueKind.Record:
                    return ReferenceEquals(reference, other.reference);
                default:
                    return bits == other.bits;
            }
        }

        private Value Expect(ValueKind kind)
        {
            if (Kind != kind)
            {
                throw new InvalidOperationException("value: expected " + kind + ", is " + Kind);
            }
            return this;
        }
    }
}
