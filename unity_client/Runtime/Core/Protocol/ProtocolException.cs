// What can be wrong with a message: one exception, and the codes of PROTOCOL.md section 8 that a codec gives.
#nullable enable
using System;

namespace Segue.Protocol
{
    /// <summary>A message that breaks the protocol. Message says where, what was expected, what came.</summary>
    public sealed class ProtocolException : Exception
    {
        public ProtocolException(string code, string text) : base(code + ": " + text)
        {
            Code = code;
        }

        /// <summary>One of <see cref="ErrorCode"/>.</summary>
        public string Code { get; }
    }

    /// <summary>Why a message was not understood.</summary>
    public static class ErrorCode
    {
        public const string TooLarge = "too_large";
        public const string Truncated = "truncated";
        public const string Trailing = "trailing";
        public const string Malformed = "malformed";
        public const string BadUtf8 = "bad_utf8";
        public const string ExtType = "ext_type";
        public const string BadKey = "bad_key";
        public const string DuplicateKey = "duplicate_key";
        public const string TooDeep = "too_deep";
        public const string NotFinite = "not_finite";
        public const string WrongType = "wrong_type";
        public const string OutOfRange = "out_of_range";
        public const string BadValue = "bad_value";
        public const string MissingField = "missing_field";
        public const string UnsupportedVersion = "unsupported_version";
        public const string UnknownType = "unknown_type";
        public const string PayloadMismatch = "payload_mismatch";
    }
}
