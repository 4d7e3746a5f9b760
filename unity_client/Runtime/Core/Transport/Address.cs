// Where a service listens: tcp://HOST:PORT, or tls://HOST:PORT for the same inside TLS.
#nullable enable
using System;
using System.Globalization;
using System.Net;

namespace Segue.Transport
{
    public sealed class Address
    {
        private const string Expected = "expected tcp://HOST:PORT, such as tcp://127.0.0.1:7723, or tls://HOST:PORT";
        private const int MostShown = 200;

        private Address(string text, bool isEncrypted, string host, int port)
        {
            Text = text;
            IsEncrypted = isEncrypted;
            Host = host;
            Port = port;
        }

        /// <summary>As given.</summary>
        public string Text { get; }

        /// <summary>Whether the connection runs inside TLS.</summary>
        public bool IsEncrypted { get; }

        /// <summary>A name or an IP address without brackets.</summary>
        public string Host { get; }

        /// <summary>From 1 to 65535.</summary>
        public int Port { get; }

        /// <summary>Throws ArgumentException, which says what was expected.</summary>
        public static Address Parse(string text)
        {
            var separator = text.IndexOf("://", StringComparison.Ordinal);
            if (separator < 0)
            {
                throw Wrong(text, " names no transport: " + Expected);
            }
            var transport = text.Substring(0, separator);
            if (transport == "ipc")
            {
                throw Wrong(text, ": this client has no Unix sockets: " + Expected);
            }
            if (transport != "tcp" && transport != "tls")
            {
                throw Wrong(text, ": no transport '" + Shown(transport) + "': " + Expected);
            }
            foreach (var character in text)
            {
                if (char.IsWhiteSpace(character) || char.IsControl(character))
                {
                    throw Wrong(text, " has a space in it: " + Expected);
                }
            }
            var rest = text.Substring(separator + 3);
            var colon = rest.LastIndexOf(':');
            var given = colon < 0 ? rest : rest.Substring(0, colon);
            var isBracketed = given.StartsWith("[", StringComparison.Ordinal)
                && given.EndsWith("]", StringComparison.Ordinal);
            if (colon < 0 || (given.IndexOf(':') >= 0 && !isBracketed))
            {
                throw Wrong(text, ": expected a port at its end; " + Expected);
            }
            var port = PortOf(text, rest.Substring(colon + 1));
            return new Address(text, transport == "tls", HostOf(text, given, isBracketed), port);
        }

        private static int PortOf(string text, string digits)
        {
            var isNumber = int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var port);
            if (!isNumber || port < 1 || port > ushort.MaxValue)
            {
                throw Wrong(text, ": expected a port from 1 to 65535, got '" + Shown(digits) + "'");
            }
            return port;
        }

        private static string HostOf(string text, string given, bool isBracketed)
        {
            var host = isBracketed ? given.Substring(1, given.Length - 2) : given;
            if (host.Length == 0 || host == "*" || host.IndexOf('/') >= 0 || host.IndexOf('@') >= 0)
            {
                throw Wrong(text, ": expected a host, got '" + Shown(given) + "'");
            }
            if (isBracketed && !IPAddress.TryParse(host, out _))
            {
                throw Wrong(text, ": '" + Shown(host) + "' is no IPv6 address");
            }
            return host;
        }

        private static ArgumentException Wrong(string text, string what) =>
            new ArgumentException("address '" + Shown(text) + "'" + what);

        /// <summary>A text for a message: its beginning, without control characters.</summary>
        private static string Shown(string text)
        {
            var shown = text.Length <= MostShown ? text : text.Substring(0, MostShown);
            foreach (var character in shown)
            {
                if (char.IsControl(character))
                {
                    shown = shown.Replace(character, '?');
                }
            }
            return shown;
        }
    }
}
