// ZMTP frames to bytes and back: rfc.zeromq.org 37, "Framing". Bytes come in pieces of any size.
#nullable enable
using System;
using System.Collections.Generic;

namespace Segue.Transport
{
    /// <summary>One frame: its flags and its body.</summary>
    public readonly struct ZmtpFrame
    {
        public const int More = 1;
        public const int Long = 2;
        public const int Command = 4;

        private const int ShortBody = 255;

        public ZmtpFrame(int flags, byte[] body)
        {
            Flags = flags;
            Body = body;
        }

        public int Flags { get; }

        public byte[] Body { get; }

        public bool IsCommand => (Flags & Command) != 0;

        public bool HasMore => (Flags & More) != 0;

        /// <summary>Appends the bytes of a frame. flags: More or Command; the length's own flag is added.</summary>
        public static void Write(List<byte> bytes, int flags, byte[] body)
        {
            if (body.Length <= ShortBody)
            {
                bytes.Add((byte)flags);
                bytes.Add((byte)body.Length);
            }
            else
            {
                bytes.Add((byte)(flags | Long));
                for (var shift = 56; shift >= 0; shift -= 8)
                {
                    bytes.Add((byte)((long)body.Length >> shift));
                }
            }
            bytes.AddRange(body);
        }
    }

    /// <summary>Cuts received bytes into frames. It refuses a long frame from its header alone.</summary>
    public sealed class ZmtpFrameReader
    {
        /// <summary>Longest body of a command, in bytes.</summary>
        public const int CommandBytes = 1024;

        private const int KnownFlags = 7;
        private const int CommandAndMore = ZmtpFrame.Command | ZmtpFrame.More;
        private const int ShortHeader = 2;
        private const int LongHeader = 9;

        private byte[] data = new byte[4096];
        private int start;
        private int end;

        /// <summary>What was wrong with the bytes; empty: nothing. Nothing is read after it.</summary>
        public string Error { get; private set; } = "";

        /// <summary>Bytes that wait.</summary>
        public int Count => end - start;

        /// <summary>The waiting byte at an index.</summary>
        public byte this[int index] => data[start + index];

        /// <summary>Adds received bytes.</summary>
        public void Feed(byte[] bytes, int first, int count)
        {
            if (end + count > data.Length)
            {
                var wanted = Math.Max(data.Length, 2 * (Count + count));
                var target = wanted > data.Length ? new byte[wanted] : data;
                Buffer.BlockCopy(data, start, target, 0, Count);
                data = target;
                end -= start;
                start = 0;
            }
            Buffer.BlockCopy(bytes, first, data, end, count);
            end += count;
        }

        /// <summary>Removes the first bytes and returns them; there must be as many.</summary>
        public byte[] Take(int count)
        {
            var taken = new byte[count];
            Buffer.BlockCopy(data, start, taken, 0, count);
            start += count;
            return taken;
        }

        /// <summary>
        /// The next whole frame; false: it is not there yet, or <see cref="Error"/> is set. longest: the most bytes of
        /// a body that is no command's.
        /// </summary>
        public bool TryNext(int longest, out ZmtpFrame frame)
        {
            frame = default;
            if (Error.Length > 0 || Count < 1)
            {
                return false;
            }
            int flags = this[0];
            if ((flags & ~KnownFlags) != 0 || (flags & CommandAndMore) == CommandAndMore)
            {
                return Fail("a frame with flags " + flags);
            }
            var isLong = (flags & ZmtpFrame.Long) != 0;
            var header = isLong ? LongHeader : ShortHeader;
            if (Count < header)
            {
                return false;
            }
            var most = (flags & ZmtpFrame.Command) != 0 ? CommandBytes : longest;
            ulong size = this[1];
            for (var i = 2; i < header; i++)
            {
                size = (size << 8) | this[i];
            }
            if (size > (ulong)most)
            {
                return Fail("a frame of more than " + most + " bytes");
            }
            if (Count < header + (int)size)
            {
                return false;
            }
            start += header;
            frame = new ZmtpFrame(flags, Take((int)size));
            return true;
        }

        private bool Fail(string text)
        {
            Error = text;
            start = end = 0;
            data = Array.Empty<byte>();
            return false;
        }
    }
}
