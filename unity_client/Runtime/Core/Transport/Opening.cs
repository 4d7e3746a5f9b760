// A new socket to a service, and TLS over it where wanted.
#nullable enable
using System;
using System.Collections.Generic;
using System.IO;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Threading.Tasks;

namespace Segue.Transport
{
    /// <summary>
    /// State is Handshaking once bytes can be sent, and Ended where that failed. Nothing here blocks. From one thread, but
    /// Abort.
    /// </summary>
    internal sealed class Opening
    {
        private readonly Address address;
        private readonly bool hasToken;
        private readonly TlsOptions tls;
        private readonly int attempt;
        private Task<IPAddress[]>? resolving;
        private Task? beginning;
        private Socket? socket;

        // Set by the runtime while it makes the handshake of TLS, and read after it.
        private volatile bool isDistrusted;

        /// <summary>attempt: counts attempts; a name with several addresses is tried at each in turn.</summary>
        public Opening(Address address, bool hasToken, TlsOptions tls, int attempt)
        {
            this.address = address;
            this.hasToken = hasToken;
            this.tls = tls;
            this.attempt = attempt;
            if (IPAddress.TryParse(address.Host, out var known))
            {
                Connect(known);
            }
            else
            {
                resolving = Dns.GetHostAddressesAsync(address.Host);
            }
        }

        public ConnectionState State { get; private set; } = ConnectionState.Resolving;

        /// <summary>Why it failed.</summary>
        public ConnectFailure? Failure { get; private set; }

        /// <summary>What is read and written; null: not yet, or no more.</summary>
        public Stream? Stream { get; private set; }

        /// <summary>What is waited for; null: nothing.</summary>
        public Task? Pending => resolving ?? beginning;

        /// <summary>Does what can be done now.</summary>
        public void Step()
        {
            if (State == ConnectionState.Resolving)
            {
                StepResolving();
            }
            if (State == ConnectionState.Connecting)
            {
                StepConnecting();
            }
            if (State == ConnectionState.Encrypting)
            {
                StepEncrypting();
            }
        }

        /// <summary>Frees the socket; any number of times.</summary>
        public void Close()
        {
            State = ConnectionState.Ended;
            Abort();
            Tasks.Forget(resolving);
            Tasks.Forget(beginning);
            resolving = null;
            beginning = null;
            Stream = null;
            socket = null;
        }

        /// <summary>From any thread: frees the socket, whatever the thread of the connection does.</summary>
        public void Abort()
        {
            var open = socket;
            var over = Stream;
            try
            {
                // The socket first: closing TLS in good order could wait for a peer that reads nothing.
                open?.Close();
                over?.Dispose();
            }
            catch (Exception error) when (Tasks.IsOfTransport(error))
            {
                // It was broken already.
            }
        }

        private void StepResolving()
        {
            if (resolving == null || !resolving.IsCompleted)
            {
                return;
            }
            var found = new List<IPAddress>();
            if (resolving.Status == TaskStatus.RanToCompletion)
            {
                // IPv4 first: the service binds 127.0.0.1 more often than ::1.
                Add(found, resolving.Result, AddressFamily.InterNetwork);
                Add(found, resolving.Result, AddressFamily.InterNetworkV6);
            }
            Tasks.Forget(resolving);
            resolving = null;
            if (found.Count == 0)
            {
                Fail(ConnectFailure.UnknownHost(address.Text, address.Host));
            }
            else
            {
                Connect(found[attempt % found.Count]);
            }
        }

        private static void Add(List<IPAddress> found, IPAddress[] addresses, AddressFamily family)
        {
            foreach (var each in addresses)
            {
                if (each.AddressFamily == family)
                {
                    found.Add(each);
                }
            }
        }

        private void Connect(IPAddress host)
        {
            State = ConnectionState.Connecting;
            try
            {
                var opened = new Socket(host.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                socket = opened;
                var target = new IPEndPoint(host, address.Port);
                beginning = Task.Factory.FromAsync(
                    opened.BeginConnect(target, null, null), result => opened.EndConnect(result));
            }
            catch (Exception error) when (Tasks.IsOfTransport(error))
            {
                Fail(ConnectFailure.Unreachable(address.Text));
            }
        }

        private void StepConnecting()
        {
            if (beginning == null || !beginning.IsCompleted)
            {
                return;
            }
            if (!Tasks.Succeeded(ref beginning))
            {
                Fail(ConnectFailure.Unreachable(address.Text));
                return;
            }
            try
            {
                Stream = new NetworkStream(socket!, true);
                State = ConnectionState.Handshaking;
                if (address.IsEncrypted)
                {
                    BeginEncrypting(Stream);
                }
            }
            catch (Exception error) when (Tasks.IsOfTransport(error))
            {
                Fail(ConnectFailure.BrokenOff(address.Text, hasToken));
            }
        }

        private void BeginEncrypting(Stream plain)
        {
            State = ConnectionState.Encrypting;
            var encrypted = new SslStream(plain, false, (sender, certificate, chain, errors) =>
            {
                isDistrusted = !tls.IsTrusted(certificate, errors);
                return !isDistrusted;
            });
            Stream = encrypted;
            beginning = encrypted.AuthenticateAsClientAsync(address.Host);
        }

        private void StepEncrypting()
        {
            if (beginning == null || !beginning.IsCompleted)
            {
                return;
            }
            // TLS 1.2 and later have greater numbers than what came before.
            var isGood = Tasks.Succeeded(ref beginning) && ((SslStream)Stream!).SslProtocol >= SslProtocols.Tls12;
            if (isGood)
            {
                State = ConnectionState.Handshaking;
            }
            else
            {
                Fail(isDistrusted
                    ? ConnectFailure.Certificate(address.Text, address.Host)
                    : ConnectFailure.NoTls(address.Text));
            }
        }

        private void Fail(ConnectFailure why)
        {
            Failure = why;
            Close();
        }
    }
}
