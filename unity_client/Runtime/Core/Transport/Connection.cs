// One attempt to connect, and the connection until it ends: ZMTP over what an Opening opened.
#nullable enable
using System;
using System.Collections.Generic;
using System.Threading.Tasks;

namespace Segue.Transport
{
    /// <summary>
    /// Nothing here blocks; call <see cref="Step"/> every few milliseconds from one thread. The runtime completes
    /// reads and writes on threads of its own, which touch nothing here.
    /// </summary>
    public sealed class Connection
    {
        /// <summary>How long nothing may answer.</summary>
        public const double SilenceS = 5.0;

        /// <summary>How long a handshake may stay without an answer.</summary>
        public const double HandshakeS = 20.0;

        /// <summary>Bytes that may wait for a peer that reads nothing.</summary>
        public const int MostWaiting = 4_194_304;

        // Most bytes that are read in one step, and at once: whoever sends without end does not keep the thread from
        // the session. A service sends less.
        private const int MostRead = 262_144;
        private const int PieceBytes = 65_536;

        private readonly Address address;
        private readonly string token;
        private readonly Opening opening;
        private readonly double begunS;
        private readonly ZmtpPeer peer;
        private readonly byte[] piece = new byte[PieceBytes];
        private readonly Task[] awaited = new Task[1];
        private Task<int>? reading;
        private Task? writing;
        private byte[] sending = Array.Empty<byte>();

        /// <summary>
        /// token: empty for none. tls: for tls://; null: what the system trusts. attempt: counts attempts; a name with
        /// several addresses is tried at each in turn.
        /// </summary>
        public Connection(Address address, string token, TlsOptions? tls, double nowS, int attempt = 0)
        {
            this.address = address;
            this.token = token;
            begunS = nowS;
            peer = new ZmtpPeer(token);
            opening = new Opening(address, HasToken, tls ?? new TlsOptions(), attempt);
            FollowOpening();
        }

        public ConnectionState State { get; private set; } = ConnectionState.Resolving;

        /// <summary>Why the attempt failed.</summary>
        public ConnectFailure? Failure { get; private set; }

        /// <summary>Why an open connection ended, for people.</summary>
        public string Text { get; private set; } = "";

        /// <summary>Set once an accepted connection has been silent for 5 s; it goes on until 20 s.</summary>
        public bool IsSilent { get; private set; }

        /// <summary>Whether it was ever open. It may end in the step in which it opens.</summary>
        public bool WasOpen => peer.WasReady;

        private bool HasToken => token.Length > 0;

        private bool IsTalking => State == ConnectionState.Handshaking || State == ConnectionState.Open;

        /// <summary>Does what can be done now. Afterwards read State, Failure and the messages.</summary>
        public void Step(double nowS)
        {
            if (State < ConnectionState.Handshaking)
            {
                opening.Step();
                FollowOpening();
            }
            if (IsTalking)
            {
                Write();
                Read();
                Write();
            }
            if (State != ConnectionState.Open && State != ConnectionState.Ended)
            {
                CheckTime(nowS - begunS);
            }
        }

        /// <summary>Waits until something has come, or for this time.</summary>
        public void Wait(int milliseconds)
        {
            var pending = opening.Pending;
            pending ??= reading;
            if (pending == null || State == ConnectionState.Ended)
            {
                System.Threading.Thread.Sleep(milliseconds);
                return;
            }
            awaited[0] = pending;
            Task.WaitAny(awaited, milliseconds);
        }

        /// <summary>The messages received since the last call, each as its parts.</summary>
        public IReadOnlyList<IReadOnlyList<byte[]>> TakeMessages() => peer.TakeMessages();

        /// <summary>Sends a message, now or in the next steps. Only in state Open.</summary>
        public void Send(IReadOnlyList<byte[]> parts)
        {
            if (State == ConnectionState.Open)
            {
                peer.Send(parts);
            }
        }

        /// <summary>Writes what waits as far as the system takes it; whether all is written.</summary>
        public bool Flush()
        {
            if (State == ConnectionState.Open)
            {
                Write();
            }
            return State == ConnectionState.Ended || (writing == null && sending.Length == 0);
        }

        /// <summary>Ends the connection and frees its socket; any number of times.</summary>
        public void Close()
        {
            State = ConnectionState.Ended;
            opening.Close();
            Tasks.Forget(reading);
            Tasks.Forget(writing);
            reading = null;
            writing = null;
        }

        /// <summary>Frees the socket, whatever the thread of this connection does. Any thread may call it.</summary>
        public void Abort() => opening.Abort();

        private void FollowOpening()
        {
            State = opening.State;
            if (State == ConnectionState.Ended)
            {
                End(opening.Failure);
            }
        }

        private void Read()
        {
            if (peer.HasMore)
            {
                peer.Feed(piece, 0, 0);
                FollowPeer();
            }
            for (var read = 0; IsTalking && read <= MostRead && !peer.HasMore;)
            {
                if (reading == null && !Begin(() => reading = opening.Stream!.ReadAsync(piece, 0, piece.Length)))
                {
                    return;
                }
                if (!reading!.IsCompleted)
                {
                    return;
                }
                var count = reading.Status == TaskStatus.RanToCompletion ? reading.Result : 0;
                Tasks.Forget(reading);
                reading = null;
                if (count <= 0)
                {
                    BreakOff();
                    return;
                }
                read += count;
                peer.Feed(piece, 0, count);
                FollowPeer();
            }
        }

        private void FollowPeer()
        {
            if (peer.State == ZmtpState.Ready)
            {
                State = ConnectionState.Open;
            }
            else if (peer.State == ZmtpState.Failed)
            {
                FailWithPeer();
            }
        }

        private void FailWithPeer()
        {
            Text = peer.Text;
            switch (peer.Failure)
            {
                case ZmtpFailure.NotZmtp:
                    End(ConnectFailure.NotAService(address.Text));
                    break;
                case ZmtpFailure.Mechanism:
                    End(ConnectFailure.Mechanism(address.Text, HasToken));
                    break;
                case ZmtpFailure.Refused:
                    End(WasOpen ? null : ConnectFailure.Refused(address.Text, HasToken));
                    break;
                default:
                    End(null);
                    break;
            }
        }

        private void Write()
        {
            if (writing != null && writing.IsCompleted && !Tasks.Succeeded(ref writing))
            {
                // What the peer said before it closed is read first.
                return;
            }
            Append(peer.TakeBytes());
            if (writing == null && sending.Length > 0 && IsTalking)
            {
                var going = sending;
                sending = Array.Empty<byte>();
                Begin(() => writing = opening.Stream!.WriteAsync(going, 0, going.Length));
            }
            if (sending.Length > MostWaiting)
            {
                Text = "the service takes nothing any more";
                End(null);
            }
        }

        private void Append(byte[] bytes)
        {
            if (sending.Length == 0)
            {
                sending = bytes;
                return;
            }
            var both = new byte[sending.Length + bytes.Length];
            Buffer.BlockCopy(sending, 0, both, 0, sending.Length);
            Buffer.BlockCopy(bytes, 0, both, sending.Length, bytes.Length);
            sending = both;
        }

        /// <summary>Starts a read or a write; false if the connection turns out to be broken.</summary>
        private bool Begin(Action start)
        {
            try
            {
                start();
                return true;
            }
            catch (Exception error) when (Tasks.IsOfTransport(error))
            {
                BreakOff();
                return false;
            }
        }

        private void BreakOff()
        {
            if (WasOpen)
            {
                Text = "the connection broke";
                End(null);
            }
            else
            {
                End(ConnectFailure.BrokenOff(address.Text, HasToken));
            }
        }

        private void CheckTime(double passedS)
        {
            if (passedS < SilenceS)
            {
                return;
            }
            if (State == ConnectionState.Resolving)
            {
                if (passedS >= HandshakeS)
                {
                    End(ConnectFailure.UnknownHost(address.Text, address.Host));
                }
            }
            else if (State == ConnectionState.Connecting)
            {
                End(ConnectFailure.NoRoute(address.Text));
            }
            else
            {
                IsSilent = true;
                if (passedS >= HandshakeS)
                {
                    End(ConnectFailure.NoAnswer(address.Text));
                }
            }
        }

        private void End(ConnectFailure? why)
        {
            Failure = why;
            Close();
        }
    }
}
