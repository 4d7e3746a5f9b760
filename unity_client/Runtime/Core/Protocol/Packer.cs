// Writes the one encoding of a header: shortest integers and lengths, reals as float64, keys in the order given.
#nullable enable
using System;
using System.Collections.Generic;
using System.IO;

namespace Segue.Protocol
{
    /// <summary>PROTOCOL.md section 2.3.</summary>
    internal sealed class Packer
    {
        private readonly MemoryStream stream = new MemoryStream();

        public byte[] ToHeader()
        {
            if (stream.Length > Limits.HeaderBytes)
            {
                throw new ProtocolException(
                    ErrorCode.TooLarge,
                    "header: expected at most " + Limits.HeaderBytes + " bytes, got " + stream.Length);
            }
            return stream.ToArray();
        }

        public void WriteMapHead(int count) => WriteHead(count, 0x80, 16, 0, 0xde);

        public void WriteText(string text)
        {
            var bytes = Utf8.Encode(text);
            WriteHead(bytes.Length, 0xa0, 32, 0xd9, 0xda);
            stream.Write(bytes, 0, bytes.Length);
        }

        public void Write(Value value)
        {
            switch (value.Kind)
            {
                case ValueKind.Nil:
                    stream.WriteByte(0xc0);
                    break;
                case ValueKind.Boolean:
                    stream.WriteByte((byte)(value.AsBoolean ? 0xc3 : 0xc2));
                    break;
                case ValueKind.Integer:
                    WriteInteger(value.AsInteger);
                    break;
                case ValueKind.Real:
                    WriteNumber(0xcb, (ulong)BitConverter.DoubleToInt64Bits(value.AsReal), 8);
                    break;
                case ValueKind.Text:
                    WriteText(value.AsText);
                    break;
                case ValueKind.Bytes:
                    WriteHead(value.AsBytes.Length, 0, 0, 0xc4, 0xc5);
                    stream.Write(value.AsBytes, 0, value.AsBytes.Length);
                    break;
                case ValueKind.List:
                    WriteList(value.AsList);
                    break;
                case ValueKind.Map:
                    WriteMap(value.AsMap);
                    break;
                default:
                    value.AsRecord.WriteTo(this);
                    break;
            }
        }

        private void WriteList(IReadOnlyList<Value> items)
        {
            WriteHead(items.Count, 0x90, 16, 0, 0xdc);
            for (var i = 0; i < items.Count; i++)
            {
                Write(items[i]);
            }
        }

        private void WriteMap(Map map)
        {
            WriteMapHead(map.Count);
            foreach (var pair in map)
            {
                WriteText(pair.Key);
                Write(pair.Value);
            }
        }

        private void WriteInteger(long value)
        {
            if (value >= 0)
            {
                WritePositive((ulong)value);
            }
            else if (value >= -32)
            {
                stream.WriteByte((byte)value);
            }
            else if (value >= sbyte.MinValue)
            {
                WriteNumber(0xd0, (ulong)value, 1);
            }
            else if (value >= short.MinValue)
            {
                WriteNumber(0xd1, (ulong)value, 2);
            }
            else
            {
                var narrow = value >= int.MinValue;
                WriteNumber((byte)(narrow ? 0xd2 : 0xd3), (ulong)value, narrow ? 4 : 8);
            }
        }

        private void WritePositive(ulong value)
        {
            if (value <= 0x7f)
            {
                stream.WriteByte((byte)value);
            }
            else if (value <= byte.MaxValue)
            {
                WriteNumber(0xcc, value, 1);
            }
            else if (value <= ushort.MaxValue)
            {
                WriteNumber(0xcd, value, 2);
            }
            else
            {
                var narrow = value <= uint.MaxValue;
                WriteNumber((byte)(narrow ? 0xce : 0xcf), value, narrow ? 4 : 8);
            }
        }

        /// <summary>
        /// A length. fix: the head byte that holds lengths below fixCount itself; head8: the one before a length in one
        /// byte, 0 for none; head16: in two bytes; the next after it: in four.
        /// </summary>
        private void WriteHead(int count, byte fix, int fixCount, byte head8, byte head16)
        {
            if (count < fixCount)
            {
                stream.WriteByte((byte)(fix | count));
            }
            else if (head8 != 0 && count <= byte.MaxValue)
            {
                WriteNumber(head8, (ulong)count, 1);
            }
            else if (count <= ushort.MaxValue)
            {
                WriteNumber(head16, (ulong)count, 2);
            }
            else
            {
                WriteNumber((byte)(head16 + 1), (ulong)count, 4);
            }
        }

        private void WriteNumber(byte head, ulong value, int width)
        {
            stream.WriteByte(head);
            for (var shift = 8 * (width - 1); shift >= 0; shift -= 8)
            {
                stream.WriteByte((byte)(value >> shift));
            }
        }
    }
}
