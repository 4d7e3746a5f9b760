// Which certificates a client trusts inside TLS.
#nullable enable
using System;
using System.Collections.Generic;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Segue.Transport
{
    /// <summary>
    /// Without pins, those that the system trusts, under the name of the address. With pins, exactly the certificates
    /// of these fingerprints, whatever their name and issuer: for a service with a certificate of its own.
    /// </summary>
    public sealed class TlsOptions
    {
        /// <summary>Hex digits of a SHA-256.</summary>
        private const int FingerprintDigits = 64;

        private readonly List<byte[]> pins = new List<byte[]>();

        /// <summary>
        /// fingerprints: each the SHA-256 of a certificate's DER bytes as 64 hex digits, with or without colons, as
        /// `openssl x509 -noout -fingerprint -sha256` prints it. Throws ArgumentException.
        /// </summary>
        public TlsOptions(params string[] fingerprints)
        {
            foreach (var fingerprint in fingerprints)
            {
                pins.Add(Parse(fingerprint));
            }
        }

        /// <summary>Whether a peer's certificate is trusted. It runs on a thread of the runtime.</summary>
        internal bool IsTrusted(X509Certificate? certificate, SslPolicyErrors errors)
        {
            if (certificate == null)
            {
                return false;
            }
            if (pins.Count == 0)
            {
                return errors == SslPolicyErrors.None;
            }
            using var sha = SHA256.Create();
            var found = sha.ComputeHash(certificate.GetRawCertData());
            foreach (var pin in pins)
            {
                if (found.AsSpan().SequenceEqual(pin))
                {
                    return true;
                }
            }
            return false;
        }

        private static byte[] Parse(string fingerprint)
        {
            var digits = fingerprint.Replace(":", "");
            var bytes = new byte[FingerprintDigits / 2];
            for (var i = 0; i < bytes.Length; i++)
            {
                var high = digits.Length == FingerprintDigits ? Digit(digits[2 * i]) : -1;
                var low = digits.Length == FingerprintDigits ? Digit(digits[2 * i + 1]) : -1;
                if (high < 0 || low < 0)
                {
                    throw new ArgumentException(
                        "fingerprint: expected " + FingerprintDigits + " hex digits of a SHA-256, with or without "
                        + "colons, got " + digits.Length + " characters");
                }
                bytes[i] = (byte)(high << 4 | low);
            }
            return bytes;
        }

        private static int Digit(char digit)
        {
            if (digit >= '0' && digit <= '9')
            {
                return digit - '0';
            }
            var lower = (char)(digit | 0x20);
            return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
        }
    }
}
