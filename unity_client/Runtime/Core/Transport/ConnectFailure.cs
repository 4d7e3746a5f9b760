// Why an attempt to connect failed, in the words of PROTOCOL.md section 11.4, and what to do.
#nullable enable
namespace Segue.Transport
{
    public sealed class ConnectFailure
    {
        private ConnectFailure(string code, string text)
        {
            Code = code;
            Text = text;
        }

        /// <summary>
        /// unreachable, broken_off, unknown_host, no_answer, not_a_service, token_refused, token_needed or
        /// token_not_needed.
        /// </summary>
        public string Code { get; }

        /// <summary>What was tried and what to do, for people.</summary>
        public string Text { get; }

        /// <summary>Nothing accepts the connection.</summary>
        public static ConnectFailure Unreachable(string address) => new ConnectFailure(
            "unreachable",
            "nothing listens at " + address + "; check that the service runs there (`segue serve`, whose --bind is "
            + "this address) and that no firewall is in between");

        /// <summary>The connection is neither accepted nor refused.</summary>
        public static ConnectFailure NoRoute(string address) => new ConnectFailure(
            "unreachable",
            address + " does not answer; check the host and the port, and that no firewall is in between");

        /// <summary>The name has no address.</summary>
        public static ConnectFailure UnknownHost(string address, string host) => new ConnectFailure(
            "unknown_host",
            address + ": the host '" + host + "' cannot be found; check its spelling, and the network");

        /// <summary>The connection is accepted and nothing follows.</summary>
        public static ConnectFailure NoAnswer(string address) => new ConnectFailure(
            "no_answer",
            address + " accepts the connection and does not answer; it is busy, delays clients that gave wrong tokens, "
            + "or is no Segue service");

        /// <summary>The connection ended during the handshake without a reason.</summary>
        public static ConnectFailure BrokenOff(string address, bool hasToken) => new ConnectFailure(
            "broken_off",
            address + " closed the connection during the handshake; it "
            + (hasToken ? "refuses the token" : "needs a token") + ", is stopping, is full, speaks TLS (tls://...), "
            + "is the service's WebSocket port, or is no Segue service: its log may say which");

        /// <summary>The peer does not speak ZMTP.</summary>
        public static ConnectFailure NotAService(string address) => new ConnectFailure(
            "not_a_service",
            "what answers at " + address + " is no Segue service, or one behind TLS (tls://...); check the port");

        /// <summary>TLS cannot be agreed on.</summary>
        public static ConnectFailure NoTls(string address) => new ConnectFailure(
            "not_a_service",
            "what answers at " + address + " does not speak TLS 1.2 or later; check the port, or use tcp:// where the "
            + "service has no TLS");

        /// <summary>The peer speaks TLS, and its certificate does not do.</summary>
        public static ConnectFailure Certificate(string address, string host) => new ConnectFailure(
            "not_a_service",
            "the certificate of what answers at " + address + " is not pinned, or without pins is not trusted by the "
            + "system, has expired or is not one of '" + host + "'; give the client the certificate's SHA-256, and the "
            + "host by the name that is in it");

        /// <summary>The peer answered the token, or a client without one, with ERROR.</summary>
        public static ConnectFailure Refused(string address, bool hasToken) => !hasToken
            ? TokenNeeded(address)
            : new ConnectFailure(
                "token_refused",
                "the service at " + address + " refuses the token; give the client the one that the service was "
                + "started with (`segue serve --token`, or SEGUE_TOKEN)");

        /// <summary>The peer needs another mechanism than the client's.</summary>
        public static ConnectFailure Mechanism(string address, bool hasToken) => !hasToken
            ? TokenNeeded(address)
            : new ConnectFailure(
                "token_not_needed",
                "the service at " + address + " has no token and this client gives one; leave the token out, or start "
                + "the service with it");

        private static ConnectFailure TokenNeeded(string address) => new ConnectFailure(
            "token_needed",
            "the service at " + address + " needs a token; give the client the one that the service was started with "
            + "(`segue serve --token`, or SEGUE_TOKEN)");
    }
}
