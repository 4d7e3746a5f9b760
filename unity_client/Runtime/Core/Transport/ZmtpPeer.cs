// The client's side of one ZMTP 3.1 connection without a socket: received bytes in, messages and bytes to send out.
#nullable enable
using System;
using System.Collections.Generic;
using Segue.Protocol;

namespace Segue.Transport
{
    /// <summary>How far a connection is. Failed: nothing more happens.</summary>
    public enum ZmtpState
    {
        Greeting,
        Handshake,
        Ready,
        Failed,
    }

    /// <summary>Why a connection failed.</summary>
    public enum ZmtpFailure
    {
        None,

        /// <summary>The peer is something else.</summary>
        NotZmtp,

        /// <summary>The peer needs another mechanism.</summary>
        Mechanism,

        /// <summary>The peer answered with ERROR.</summary>
        Refused,

        /// <summary>The peer broke the rules after the handshake.</summary>
        Broken,
    }

    /// <summary>A DEALER that speaks NULL, or PLAIN with a token. Source: PROTOCOL.md, Appendix A.</summary>
    public sealed class ZmtpPeer
    {
        /// <summary>
        /// Most frames taken in one Feed: whoever sends small ones without end does not keep a thread from its other
        /// work.
        /// </summary>
        public const int MostFrames = 128;

        private const string User = "segue";

        // Bytes of the frames of one message: its header, and its payload if it has one.
        private static readonly int[] LongestParts = { Limits.HeaderBytes, Limits.PayloadBytes };

        private readonly string token;
        private readonly ZmtpFrameReader reader = new ZmtpFrameReader();
        private List<byte> sending = new List<byte>();
        private List<IReadOnlyList<byte[]>> messages = new List<IReadOnlyList<byte[]>>();
        private List<byte[]> parts = new List<byte[]>();
        private bool isWelcomed;

        /// <summary>token: the service's; empty: none, and so NULL.</summary>
        public ZmtpPeer(string token)
        {
            this.token = token;
            // All of it at once: the service holds back the rest of its own until it has the client's.
            sending.AddRange(ZmtpCommands.Greeting(Mechanism));
        }

        public ZmtpState State { get; private set; } = ZmtpState.Greeting;

        public ZmtpFailure Failure { get; private set; } = ZmtpFailure.None;

        /// <summary>What was wrong, for people.</summary>
        public string Text { get; private set; } = "";

        /// <summary>The mechanism that the peer named; empty before its greeting.</summary>
        public string PeerMechanism { get; private set; } = "";

        /// <summary>Whether the handshake has succeeded; it stays set when the connection fails after that.</summary>
        public bool WasReady { get; private set; }

        /// <summary>Whether whole frames may wait for the next Feed, which may bring no bytes.</summary>
        public bool HasMore { get; private set; }

        private string Mechanism => token.Length == 0 ? "NULL" : "PLAIN";

        /// <summary>Takes bytes that the peer sent.</summary>
        public void Feed(byte[] bytes, int first, int count)
        {
            if (State == ZmtpState.Failed)
            {
                return;
            }
            reader.Feed(bytes, first, count);
            if (State == ZmtpState.Greeting)
            {
                ReadGreeting();
            }
            var frames = 0;
            while (frames < MostFrames && (State == ZmtpState.Handshake || State == ZmtpState.Ready))
            {
                if (!reader.TryNext(LongestParts[parts.Count], out var frame))
                {
                    break;
                }
                frames++;
                Take(frame);
            }
            HasMore = frames == MostFrames && State != ZmtpState.Failed;
            if (reader.Error.Length > 0 && State != ZmtpState.Failed)
            {
                Fail(State == ZmtpState.Ready ? ZmtpFailure.Broken : ZmtpFailure.NotZmtp, reader.Error);
            }
        }

        /// <summary>The messages since the last call, each as its parts.</summary>
        public IReadOnlyList<IReadOnlyList<byte[]>> TakeMessages()
        {
            var received = messages;
            messages = new List<IReadOnlyList<byte[]>>();
            return received;
        }

        /// <summary>Queues a message. Throws InvalidOperationException before the end of the handshake.</summary>
        public void Send(IReadOnlyList<byte[]> message)
        {
            if (State != ZmtpState.Ready)
            {
                throw new InvalidOperationException("peer: expected state Ready for a message, is " + State);
            }
            for (var i = 0; i < message.Count; i++)
            {
                ZmtpFrame.Write(sending, i + 1 < message.Count ? ZmtpFrame.More : 0, message[i]);
            }
        }

        /// <summary>The bytes to send since the last call.</summary>
        public byte[] TakeBytes()
        {
            var bytes = sending.ToArray();
            sending.Clear();
            return bytes;
        }

        private void ReadGreeting()
        {
            if (!ZmtpCommands.MayBeGreeting(reader))
            {
                Fail(ZmtpFailure.NotZmtp, "the peer's first bytes are no greeting of ZMTP 3");
                return;
            }
            if (reader.Count < ZmtpCommands.GreetingBytes)
            {
                return;
            }
            PeerMechanism = ZmtpCommands.MechanismOf(reader.Take(ZmtpCommands.GreetingBytes));
            if (PeerMechanism != Mechanism)
            {
                Fail(ZmtpFailure.Mechanism, "the peer needs mechanism " + PeerMechanism);
                return;
            }
            State = ZmtpState.Handshake;
            Command(token.Length == 0 ? ZmtpCommands.Metadata("READY") : ZmtpCommands.Hello(User, token));
        }

        private void Take(ZmtpFrame frame)
        {
            if (frame.IsCommand)
            {
                TakeCommand(ZmtpCommands.NameOf(frame.Body), frame.Body);
            }
            else if (State == ZmtpState.Handshake)
            {
                Fail(ZmtpFailure.NotZmtp, "a message before the end of the handshake");
            }
            else
            {
                TakePart(frame);
            }
        }

        private void TakeCommand(string name, byte[] body)
        {
            if (name == "ERROR")
            {
                Fail(ZmtpFailure.Refused, ZmtpCommands.ReasonOf(body));
            }
            else if (State == ZmtpState.Ready)
            {
                TakeLateCommand(name, body);
            }
            else if (name == "WELCOME" && token.Length > 0 && !isWelcomed)
            {
                isWelcomed = true;
                Command(ZmtpCommands.Metadata("INITIATE"));
            }
            else if (name == "READY" && (token.Length == 0 || isWelcomed))
            {
                ReadMetadata(body);
            }
            else
            {
                Fail(ZmtpFailure.NotZmtp, "an unexpected command in the handshake");
            }
        }

        private void TakeLateCommand(string name, byte[] body)
        {
            if (name == "PING" && ZmtpCommands.IsPing(body))
            {
                Command(ZmtpCommands.Pong(body));
            }
            else if (name == "PING" || name.Length == 0)
            {
                Fail(ZmtpFailure.Broken, "a command without a name, or a malformed PING");
            }
            // Of the others none asks for anything.
        }

        private void ReadMetadata(byte[] body)
        {
            if (!ZmtpCommands.TryReadSocketType(body, out var socketType))
            {
                Fail(ZmtpFailure.NotZmtp, "a malformed READY");
            }
            else if (socketType != "ROUTER")
            {
                Fail(ZmtpFailure.NotZmtp, "the peer is no ROUTER");
            }
            else
            {
                State = ZmtpState.Ready;
                WasReady = true;
            }
        }

        private void TakePart(ZmtpFrame frame)
        {
            parts.Add(frame.Body);
            if (!frame.HasMore)
            {
                messages.Add(parts);
                parts = new List<byte[]>();
            }
            else if (parts.Count == LongestParts.Length)
            {
                Fail(ZmtpFailure.Broken, "a message of more than " + LongestParts.Length + " frames");
            }
        }

        private void Command(byte[] body) => ZmtpFrame.Write(sending, ZmtpFrame.Command, body);

        private void Fail(ZmtpFailure failure, string text)
        {
            State = ZmtpState.Failed;
            Failure = failure;
            Text = text;
            parts = new List<byte[]>();
        }
    }
}
