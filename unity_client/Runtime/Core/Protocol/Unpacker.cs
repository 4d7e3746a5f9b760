// Reads the one MessagePack map of a header, every legal encoding of it, within limits no bytes can make costly.
#nullable enable
using System;
using System.Collections.Generic;

namespace Segue.Protocol
{
    /// <summary>PROTOCOL.md section 2.2. Whatever the bytes: a map or a ProtocolException.</summary>
    internal sealed class Unpacker
    {
        private readonly byte[] data;
        private int position;

        private Unpacker(byte[] data)
        {
            this.data = data;
        }

        private int Left => data.Length - position;

        public static Map Unpack(byte[] header)
        {
            if (header.Length > Limits.HeaderBytes)
            {
                throw new ProtocolException(
                    ErrorCode.TooLarge,
                    "header: expected at most " + Limits.HeaderBytes + " bytes, got " + header.Length);
            }
            var unpacker = new Unpacker(header);
            var value = unpacker.Next(1);
            if (unpacker.Left > 0)
            {
                throw new ProtocolException(
                    ErrorCode.Trailing, "header: " + unpacker.Left + " bytes after its end");
            }
            if (value.Kind != ValueKind.Map)
            {
                throw new ProtocolException(ErrorCode.Malformed, "header: expected a map, got " + value.Kind);
            }
            return value.AsMap;
        }

        private Value Next(int depth)
        {
            var head = (int)Unsigned(1);
            if (head <= 0x7f)
            {
                return Value.Of((long)head);
            }
            if (head <= 0x8f)
            {
                return ReadMap((ulong)head & 0x0f, depth);
            }
            if (head <= 0x9f)
            {
                return ReadList((ulong)head & 0x0f, depth);
            }
            if (head <= 0xbf)
            {
                return Value.Of(ReadText((ulong)head & 0x1f));
            }
            return head >= 0xe0 ? Value.Of((long)(head - 0x100)) : NextWide(head, depth);
        }

        /// <summary>A value whose first byte, 0xc0 to 0xdf, says how long its number or length is.</summary>
        private Value NextWide(int head, int depth)
        {
            switch (head)
            {
                case 0xc0:
                    return Value.Nil;
                case 0xc1:
                    throw new ProtocolException(ErrorCode.Malformed, "header: a byte that begins no value");
                case 0xc2:
                case 0xc3:
                    return Value.Of(head == 0xc3);
                case 0xc4:
                case 0xc5:
                case 0xc6:
                    return Value.Of(ReadBytes(Unsigned(1 << (head - 0xc4))));
                case 0xca:
                    return Finite(BitConverter.Int32BitsToSingle((int)Unsigned(4)));
                case 0xcb:
                    return Finite(BitConverter.Int64BitsToDouble((long)Unsigned(8)));
                case 0xcc:
                case 0xcd:
                case 0xce:
                case 0xcf:
                    return Whole(Unsigned(1 << (head - 0xcc)));
                case 0xd0:
                    return Value.Of((long)(sbyte)Unsigned(1));
                case 0xd1:
                    return Value.Of((long)(short)Unsigned(2));
                case 0xd2:
                    return Value.Of((long)(int)Unsigned(4));
                case 0xd3:
                    return Whole((long)Unsigned(8));
                case 0xd9:
                case 0xda:
                case 0xdb:
                    return Value.Of(ReadText(Unsigned(1 << (head - 0xd9))));
                case 0xdc:
                case 0xdd:
                    return ReadList(Unsigned(2 << (head - 0xdc)), depth);
                case 0xde:
                case 0xdf:
                    return ReadMap(Unsigned(2 << (head - 0xde)), depth);
                default:
                    throw new ProtocolException(ErrorCode.ExtType, "header: an extension type; none is allowed");
            }
        }

        /// <summary>The next 1, 2, 4 or 8 bytes as a big-endian number.</summary>
        private ulong Unsigned(int width)
        {
            Need((ulong)width);
            ulong value = 0;
            for (var end = position + width; position < end; position++)
            {
                value = (value << 8) | data[position];
            }
            return value;
        }

        private static Value Whole(ulong value)
        {
            if (value > Limits.LargestInteger)
            {
                throw new ProtocolException(ErrorCode.OutOfRange, "header: expected an integer within ±(2^53 - 1)");
            }
            return Value.Of((long)value);
        }

        private static Value Whole(long value)
        {
            if (value < -Limits.LargestInteger || value > Limits.LargestInteger)
            {
                throw new ProtocolException(ErrorCode.OutOfRange, "header: expected an integer within ±(2^53 - 1)");
            }
            return Value.Of(value);
        }

        private static Value Finite(double value)
        {
            if (double.IsNaN(value) || double.IsInfinity(value))
            {
                throw new ProtocolException(ErrorCode.NotFinite, "header: expected a finite number");
            }
            return Value.Of(value);
        }

        private string ReadText(ulong count)
        {
            var length = Need(count);
            if (Array.IndexOf(data, (byte)0, position, length) >= 0)
            {
                throw new ProtocolException(ErrorCode.BadValue, "header: expected texts without U+0000");
            }
            var text = Utf8.Decode(data, position, length);
            position += length;
            return text;
        }

        private byte[] ReadBytes(ulong count)
        {
            var bytes = new byte[Need(count)];
            Array.Copy(data, position, bytes, 0, bytes.Length);
            position += bytes.Length;
            return bytes;
        }

        private Value ReadList(ulong count, int depth)
        {
            CheckDepth(depth);
            var items = new List<Value>();
            for (var left = Need(count); left > 0; left--)
            {
                items.Add(Next(depth + 1));
            }
            return Value.Of(items);
        }

        private Value ReadMap(ulong count, int depth)
        {
            CheckDepth(depth);
            var map = new Map();
            for (var left = Need(count); left > 0; left--)
            {
                var key = Next(depth + 1);
                if (key.Kind != ValueKind.Text)
                {
                    throw new ProtocolException(
                        ErrorCode.BadKey, "header: expected texts as keys, got " + key.Kind);
                }
                if (!map.TryAdd(key.AsText, Next(depth + 1)))
                {
                    throw new ProtocolException(ErrorCode.DuplicateKey, "header: a key stands twice in one map");
                }
            }
            return Value.Of(map);
        }

        private static void CheckDepth(int depth)
        {
            if (depth > Limits.Deepest)
            {
                throw new ProtocolException(
                    ErrorCode.TooDeep, "header: expected at most " + Limits.Deepest + " levels");
            }
        }

        /// <summary>Checks a count before memory is taken for it: what follows takes at least a byte an item.</summary>
        private int Need(ulong count)
        {
            if (count > (ulong)Left)
            {
                throw new ProtocolException(ErrorCode.Truncated, "header: ends inside a value");
            }
            return (int)count;
        }
    }
}
