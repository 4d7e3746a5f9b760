// Strict UTF-8 both ways: surrogates and overlong forms are errors, never replaced.
#nullable enable
using System.Text;

namespace Segue.Protocol
{
    internal static class Utf8
    {
        private static readonly UTF8Encoding Strict =
            new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

        public static string Decode(byte[] data, int start, int count)
        {
            try
            {
                return Strict.GetString(data, start, count);
            }
            catch (DecoderFallbackException)
            {
                throw new ProtocolException(ErrorCode.BadUtf8, "header: a text that is not UTF-8");
            }
        }

        public static byte[] Encode(string text)
        {
            try
            {
                return Strict.GetBytes(text);
            }
            catch (EncoderFallbackException)
            {
                throw new ProtocolException(ErrorCode.BadUtf8, "a text that is not Unicode");
            }
        }

        public static int Length(string text, string path)
        {
            try
            {
                return Strict.GetByteCount(text);
            }
            catch (EncoderFallbackException)
            {
                throw new ProtocolException(ErrorCode.BadUtf8, path + ": a text that is not Unicode");
            }
        }
    }
}
