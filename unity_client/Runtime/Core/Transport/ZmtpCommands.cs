// The greeting and the commands of ZMTP as bytes: rfc.zeromq.org 37 (ZMTP 3.1, NULL, PING) and 24 (PLAIN).
#nullable enable
using System.Collections.Generic;
using System.Text;

namespace Segue.Transport
{
    internal static class ZmtpCommands
    {
        /// <summary>Bytes of a greeting: signature, version, mechanism, as-server, filler.</summary>
        public const int GreetingBytes = 64;

        private const int MechanismAt = 12;
        private const int MechanismBytes = 20;

        // After its name a PING has two bytes of time to live, then its context.
        private const int ContextAt = 7;
        private const int ContextBytes = 16;

        // libzmq 4.3 writes ERROR without its name's length and with the first letter damaged.
        private static readonly byte[] MalformedError = { 0x5e, 0x52, 0x52, 0x4f, 0x52 };

        /// <summary>The client's greeting. mechanism: "NULL" or "PLAIN".</summary>
        public static byte[] Greeting(string mechanism)
        {
            var bytes = new byte[GreetingBytes];
            bytes[0] = 0xff;
            bytes[9] = 0x7f;
            bytes[10] = 3;
            bytes[11] = 1;
            Encoding.ASCII.GetBytes(mechanism, 0, mechanism.Length, bytes, MechanismAt);
            return bytes;
        }

        /// <summary>Whether the first bytes of a peer can begin a greeting of ZMTP 3.</summary>
        public static bool MayBeGreeting(ZmtpFrameReader bytes) =>
            (bytes.Count <= 0 || bytes[0] == 0xff)
            && (bytes.Count <= 9 || bytes[9] == 0x7f)
            && (bytes.Count <= 10 || bytes[10] >= 3);

        /// <summary>The mechanism that a whole greeting names.</summary>
        public static string MechanismOf(byte[] greeting)
        {
            var count = 0;
            while (count < MechanismBytes && greeting[MechanismAt + count] != 0)
            {
                count++;
            }
            return Printable(greeting, MechanismAt, count);
        }

        /// <summary>HELLO of PLAIN. Each text has at most 255 bytes.</summary>
        public static byte[] Hello(string user, string password)
        {
            var body = Named("HELLO");
            foreach (var text in new[] { user, password })
            {
                var bytes = Encoding.UTF8.GetBytes(text);
                body.Add((byte)bytes.Length);
                body.AddRange(bytes);
            }
            return body.ToArray();
        }

        /// <summary>READY, or with PLAIN the INITIATE in its place, of a DEALER without an identity.</summary>
        public static byte[] Metadata(string name)
        {
            const string Key = "Socket-Type";
            const string Type = "DEALER";
            var body = Named(name);
            body.Add((byte)Key.Length);
            body.AddRange(Encoding.ASCII.GetBytes(Key));
            body.AddRange(new byte[] { 0, 0, 0, (byte)Type.Length });
            body.AddRange(Encoding.ASCII.GetBytes(Type));
            return body.ToArray();
        }

        /// <summary>Whether a command that is named PING has its time and no more context than allowed.</summary>
        public static bool IsPing(byte[] body) =>
            body.Length >= ContextAt && body.Length <= ContextAt + ContextBytes;

        /// <summary>PONG, the answer to a PING: its context.</summary>
        public static byte[] Pong(byte[] ping)
        {
            var body = Named("PONG");
            for (var i = ContextAt; i < ping.Length; i++)
            {
                body.Add(ping[i]);
            }
            return body.ToArray();
        }

        /// <summary>The name of a command; empty if it has none.</summary>
        public static string NameOf(byte[] body)
        {
            if (IsMalformedError(body))
            {
                return "ERROR";
            }
            return body.Length == 0 || body[0] == 0 || body.Length < 1 + body[0] ? "" : Printable(body, 1, body[0]);
        }

        /// <summary>The reason in the body of an ERROR, for people.</summary>
        public static string ReasonOf(byte[] body)
        {
            var at = IsMalformedError(body) ? 5 : 6;
            return body.Length <= at || body.Length <= at + body[at] ? "" : Printable(body, at + 1, body[at]);
        }

        /// <summary>
        /// Whether the body of a READY is well formed. socketType: the value of its property; empty if it is not
        /// there.
        /// </summary>
        public static bool TryReadSocketType(byte[] body, out string socketType)
        {
            socketType = "";
            var at = 1 + body[0];
            while (at < body.Length)
            {
                var valueAt = at + 1 + body[at];
                if (body[at] == 0 || valueAt + 4 > body.Length)
                {
                    return false;
                }
                long size = 0;
                for (var i = 0; i < 4; i++)
                {
                    size = (size << 8) | body[valueAt + i];
                }
                if (valueAt + 4 + size > body.Length)
                {
                    return false;
                }
                if (Printable(body, at + 1, body[at]).ToLowerInvariant() == "socket-type")
                {
                    socketType = Printable(body, valueAt + 4, (int)size);
                }
                at = valueAt + 4 + (int)size;
            }
            return true;
        }

        private static bool IsMalformedError(byte[] body)
        {
            for (var i = 0; i < MalformedError.Length; i++)
            {
                if (body.Length <= i || body[i] != MalformedError[i])
                {
                    return false;
                }
            }
            return true;
        }

        private static List<byte> Named(string name)
        {
            var body = new List<byte> { (byte)name.Length };
            body.AddRange(Encoding.ASCII.GetBytes(name));
            return body;
        }

        /// <summary>Text from outside: nothing but what can be printed.</summary>
        private static string Printable(byte[] bytes, int first, int count)
        {
            var text = new StringBuilder();
            for (var i = first; i < first + count; i++)
            {
                text.Append(bytes[i] > 0x20 && bytes[i] < 0x7f ? (char)bytes[i] : '?');
            }
            return text.ToString();
        }
    }
}
