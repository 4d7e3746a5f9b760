// Messages to the parts of a ZeroMQ message and back. Bad input of any kind is a ProtocolException, nothing else.
#nullable enable
using System.Collections.Generic;

namespace Segue.Protocol
{
    public static class Codec
    {
        private static readonly Kind VersionKind = Kind.Integer(0, Limits.LargestInteger);
        private static readonly Kind TypeKind = Kind.Text(0, Limits.HeaderBytes);

        /// <summary>
        /// The message in the parts of one ZeroMQ message. The payload is kept, not copied. Throws ProtocolException.
        /// </summary>
        public static Message Decode(IReadOnlyList<byte[]> parts)
        {
            if (parts.Count < 1 || parts.Count > 2)
            {
                throw new ProtocolException(
                    ErrorCode.PayloadMismatch, "message: expected 1 or 2 parts, got " + parts.Count);
            }
            var payload = parts.Count == 2 ? parts[1] : null;
            if (payload != null && payload.Length > Limits.PayloadBytes)
            {
                throw new ProtocolException(
                    ErrorCode.TooLarge,
                    "payload: expected at most " + Limits.PayloadBytes + " bytes, got " + payload.Length);
            }
            var map = Unpacker.Unpack(parts[0]);
            return Message.Of(TableOf(map), map, payload);
        }

        /// <summary>The one encoding of a message. Throws ProtocolException if its header exceeds the limit.</summary>
        public static IReadOnlyList<byte[]> Encode(Message message)
        {
            var packer = new Packer();
            packer.WriteMapHead(2 + message.Record.SentCount);
            packer.WriteText("v");
            packer.Write(Value.Of((long)Limits.Version));
            packer.WriteText("t");
            packer.WriteText(message.Type);
            message.Record.WriteFieldsTo(packer);
            var header = packer.ToHeader();
            return message.Payload == null ? new[] { header } : new[] { header, message.Payload };
        }

        private static RecordTable TableOf(Map map)
        {
            var version = VersionKind.Read(Required(map, "v"), "v").AsInteger;
            var type = TypeKind.Read(Required(map, "t"), "t").AsText;
            if (version != Limits.Version)
            {
                throw new ProtocolException(
                    ErrorCode.UnsupportedVersion, "v: expected " + Limits.Version + ", got " + version);
            }
            var table = MessageTables.Find(type);
            if (table == null)
            {
                throw new ProtocolException(ErrorCode.UnknownType, "t: is no message");
            }
            return table;
        }

        private static Value Required(Map map, string name)
        {
            if (!map.TryGet(name, out var value))
            {
                throw new ProtocolException(ErrorCode.MissingField, name + ": expected, not there");
            }
            return value;
        }
    }
}
