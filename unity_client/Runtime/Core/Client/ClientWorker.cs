// What a client's thread does: the session over a link to its service, and the music into the player.
#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Threading;
using Segue.Playback;
using Segue.Protocol;
using Segue.Session;
using Segue.Transport;

namespace Segue.Client
{
    /// <summary>A call of the game, made on the client's thread.</summary>
    internal delegate void SessionCall(ClientSession session, GameNumbers numbers);

    /// <summary>
    /// Only what stands under "any thread" may be used from elsewhere. Its lock is held for assignments only.
    /// </summary>
    internal sealed class ClientWorker
    {
        /// <summary>Events kept for a game that does not poll; the oldest are dropped first.</summary>
        public const int MostEvents = 4096;

        // Between two turns, and how long the last message may take to leave.
        private const int TurnMs = 10;
        private const int LingerMs = 50;

        // What the game gets in most of its frames.
        private static readonly Queue<ClientEvent> Nothing = new Queue<ClientEvent>();

        private readonly int preRoll;
        private readonly ClientSession session;
        private readonly GameNumbers numbers = new GameNumbers();
        private readonly ServiceLink link;
        private readonly Stopwatch clock = Stopwatch.StartNew();

        // Guards what follows.
        private readonly object guard = new object();
        private bool isClosing;
        private bool isOver;
        private List<SessionCall> calls = new List<SessionCall>();
        private Queue<ClientEvent> events = new Queue<ClientEvent>();
        private InputTable? declared;
        private int waiting;
        private IReadOnlyList<BeatAhead> beats = Array.Empty<BeatAhead>();

        /// <summary>
        /// hello: the fields of the first `hello`. preRoll: samples of music before playing begins. Throws
        /// ProtocolException.
        /// </summary>
        public ClientWorker(Address address, string token, TlsOptions? tls, Map hello, int preRoll)
        {
            link = new ServiceLink(address, token, tls, TellFailure);
            this.preRoll = preRoll;
            session = new ClientSession(hello);
        }

        // --- any thread
        // ----------------------------------------------------------------------------------------------

        /// <summary>Plays what the client receives.</summary>
        public Player Player { get; } = new Player();

        /// <summary>Events without a receipt, as of the last turn.</summary>
        public int Waiting
        {
            get
            {
                lock (guard)
                {
                    return waiting;
                }
            }
        }

        /// <summary>The beats ahead, as of the last turn.</summary>
        public IReadOnlyList<BeatAhead> Beats
        {
            get
            {
                lock (guard)
                {
                    return beats;
                }
            }
        }

        /// <summary>Lets the thread make this call in its next turn, after all that came before.</summary>
        public void Enqueue(SessionCall call)
        {
            lock (guard)
            {
                if (!isOver)
                {
                    calls.Add(call);
                }
            }
        }

        /// <summary>The events since the last call, in order.</summary>
        public Queue<ClientEvent> TakeEvents()
        {
            lock (guard)
            {
                var taken = events;
                events = taken.Count == 0 ? taken : new Queue<ClientEvent>();
                return taken.Count == 0 ? Nothing : taken;
            }
        }

        /// <summary>The inputs of the newest declaration; null: none came since the last call.</summary>
        public InputTable? TakeInputs()
        {
            lock (guard)
            {
                var inputs = declared;
                declared = null;
                return inputs;
            }
        }

        /// <summary>Tells the game something.</summary>
        public void Report(ClientEvent happened)
        {
            lock (guard)
            {
                events.Enqueue(happened);
                if (events.Count > MostEvents)
                {
                    events.Dequeue();
                }
            }
        }

        /// <summary>Asks the thread to end the session.</summary>
        public void AskToStop()
        {
            lock (guard)
            {
                isClosing = true;
            }
        }

        /// <summary>Frees the socket, for a thread that does not end by itself.</summary>
        public void Abort() => link.Abort();

        // --- the thread
        // ----------------------------------------------------------------------------------------------

        /// <summary>Runs until the session has ended or the client is closed.</summary>
        public void Run()
        {
            try
            {
                while (!MustStop())
                {
                    Turn(clock.Elapsed.TotalSeconds);
                    Rest();
                }
                Finish();
            }
            catch (Exception error)
            {
                // A mistake of this client must not end the game: an exception that leaves a thread would.
                Report(new ClientEvent(ClientEvent.Closed, new Map
                {
                    { "reason", Value.Of("failed") },
                    { "text", Value.Of("the client's thread failed; the session is over: " + error) },
                    { "code", Value.Of("internal") },
                }));
            }
            finally
            {
                link.Drop();
                lock (guard)
                {
                    isOver = true;
                    calls.Clear();
                }
            }
        }

        /// <summary>Lets the session continue at another address; null: it waits for the next call of this.</summary>
        public void Move(Address? to) => link.Move(to, session);

        private bool MustStop()
        {
            lock (guard)
            {
                return isClosing || session.State == SessionState.Closed;
            }
        }

        private void Turn(double nowS)
        {
            MakeCalls();
            link.Step(session, nowS);
            Player.Update();
            session.Tick(nowS, Player.Position);
            link.Send(session);
            ReportAll();
            lock (guard)
            {
                waiting = session.Waiting;
                beats = session.UpcomingBeats;
            }
        }

        private void Rest()
        {
            if (!link.Wait(TurnMs))
            {
                Thread.Sleep(TurnMs);
            }
        }

        /// <summary>Makes the last calls and says goodbye.</summary>
        private void Finish()
        {
            MakeCalls();
            session.Close();
            link.Send(session);
            var until = clock.ElapsedMilliseconds + LingerMs;
            while (!link.Flush() && clock.ElapsedMilliseconds < until)
            {
                Thread.Sleep(1);
            }
            ReportAll();
            lock (guard)
            {
                waiting = session.Waiting;
            }
        }

        private void MakeCalls()
        {
            List<SessionCall> made;
            lock (guard)
            {
                if (calls.Count == 0)
                {
                    return;
                }
                made = calls;
                calls = new List<SessionCall>();
            }
            foreach (var call in made)
            {
                call(session, numbers);
            }
        }

        private void TellFailure(ConnectFailure failure, double retryS) =>
            Report(new ClientEvent(ClientEvent.ConnectionFailed, new Map
            {
                { "code", Value.Of(failure.Code) },
                { "text", Value.Of(failure.Text) },
                { "retry_ms", Value.Of((long)Math.Round(retryS * 1000.0)) },
            }));

        private void ReportAll()
        {
            foreach (var happened in session.TakeEvents())
            {
                switch (happened.Kind)
                {
                    case ClientEvent.Live:
                        var welcome = happened["welcome"].AsRecord;
                        var lookaheadMs = welcome["lookahead_ms"].AsInteger;
                        Player.SetPreRoll((int)Math.Min(preRoll, lookaheadMs * (Lengths.SampleRate / 1000)));
                        Declare(welcome["rules"]);
                        Report(happened);
                        break;
                    case "rules":
                        Declare(happened["declaration"]);
                        Report(happened);
                        break;
                    case ClientEvent.Chunk:
                    case ClientEvent.Stinger:
                        Deliver(happened);
                        break;
                    case ClientEvent.Lost:
                        link.GiveUp(clock.Elapsed.TotalSeconds, happened["retry_ms"].AsInteger / 1000.0);
                        Report(happened);
                        break;
                    default:
                        numbers.Translated(happened).ForEach(Report);
                        break;
                }
            }
        }

        /// <summary>
        /// Gives samples to the player, and the event without them to the game: none pile up there. The game is told
        /// of a stinger once, with its first part.
        /// </summary>
        private void Deliver(ClientEvent happened)
        {
            var isChunk = happened.Kind == ClientEvent.Chunk;
            if (!Player.Deliver(happened.Message!))
            {
                session.RefuseSamples(happened.Kind, happened[isChunk ? "seq" : "id"].AsInteger);
                return;
            }
            if (!isChunk && happened["offset"].AsInteger > 0)
            {
                return;
            }
            var names = isChunk
                ? new[] { "start", "count", "take", "generator", "reason", "states", "mix" }
                : new[] { "id", "name", "kind", "start", "reason" };
            var fields = new Map();
            foreach (var name in names)
            {
                fields.Add(name, happened[name]);
            }
            Report(new ClientEvent(isChunk ? ClientEvent.MusicArrived : ClientEvent.StingerArrived, fields));
        }

        private void Declare(Value declaration)
        {
            if (declaration.IsNil)
            {
                return;
            }
            lock (guard)
            {
                declared = new InputTable(declaration.AsRecord["inputs"].AsList);
            }
        }
    }
}
