// A game's session over any number of connections, without a socket or a clock: what a game and a transport call.
#nullable enable
using System;
using System.Collections.Generic;
using Segue.Playback;
using Segue.Protocol;

namespace Segue.Session
{
    /// <summary>
    /// Calls and received parts in, messages and client events out. PROTOCOL.md sections 3, 4, 9 and 11. The caller
    /// owns transport and timeline. It calls Tick at least every 50 ms and EndFrame once per game frame, sends what
    /// TakeMessages returns, passes chunks and stingers from TakeEvents to the timeline, and reconnects after the
    /// event Lost. Times are seconds of any steady clock. One thread.
    /// </summary>
    public sealed partial class ClientSession
    {
        private readonly LifeCycle life = new LifeCycle();
        private readonly Handshake handshake;
        private readonly WaitingMessages waiting = new WaitingMessages();
        private readonly RefusalLimiter refusals = new RefusalLimiter();
        private readonly BeatTracker beats = new BeatTracker();
        private readonly ChangeTracker changes = new ChangeTracker();
        private readonly StingerTracker stingers = new StingerTracker();
        private readonly ReceivedMusic music = new ReceivedMusic();
        private PlaybackPosition position = PlaybackPosition.Start;
        private List<Message> sending = new List<Message>();
        private List<ClientEvent> events = new List<ClientEvent>();

        // A restarted service's `restore` without an answer.
        private Map? restoring;

        // The last error about `hello` without a `bye`.
        private Record? refusedHello;
        private int hellosRefused;
        private double nowS;
        private double receivedS;
        private double helloSentS;
        private double reportedS;

        /// <summary>
        /// hello: the fields of the first `hello`, without `resume` and `last_chunk`. Throws ProtocolException.
        /// </summary>
        public ClientSession(Map hello)
        {
            Message.Of(MessageTables.Hello, hello);
            handshake = new Handshake(hello);
        }

        public SessionState State => life.State;

        /// <summary>The last `welcome`; null: none came yet.</summary>
        public Record? Welcome { get; private set; }

        /// <summary>Events without a receipt.</summary>
        public int Waiting => waiting.Outbox.Unanswered;

        /// <summary>Events with a receipt that are kept in case the service is killed.</summary>
        public int Unconfirmed => waiting.Outbox.Unconfirmed;

        /// <summary>The beats ahead that are announced and not heard yet.</summary>
        public IReadOnlyList<BeatAhead> UpcomingBeats => beats.Upcoming;

        /// <summary>The messages to send since the last call, each as its parts.</summary>
        public List<IReadOnlyList<byte[]>> TakeMessages()
        {
            var messages = sending.ConvertAll(Codec.Encode);
            sending.Clear();
            return messages;
        }

        /// <summary>The client events since the last call, in order.</summary>
        public List<ClientEvent> TakeEvents()
        {
            var taken = events;
            events = new List<ClientEvent>();
            return taken;
        }

        /// <summary>Sets an input; the last value of a game frame counts. Why it was not taken, or null.</summary>
        public InputError? SetInput(string name, Value value) => waiting.Outbox.SetInput(name, value);

        /// <summary>Fires a trigger. Why it was not taken, or null.</summary>
        public InputError? Fire(string name) => waiting.Outbox.Fire(name);

        /// <summary>
        /// Returns inputs and states to the start, as part of the game frame's event. Why it was not taken, or null.
        /// </summary>
        public InputError? Reset() => waiting.Outbox.Reset();

        /// <summary>
        /// Ends a game frame: what was reset, set and fired in it becomes one event at the sample heard now. played:
        /// that sample, where it is known to be later than at the last Tick. The event's number; 0 if nothing
        /// changed, since a value that an input has already is not sent again.
        /// </summary>
        public long EndFrame(long played = 0)
        {
            var number = waiting.EndFrame(Math.Max(position.Played, played));
            SendDue();
            return number;
        }

        /// <summary>Requests the music as a blob; the id of the `saved` or `error` that answers.</summary>
        public long Save() => Ask(MessageTables.Save, new Map());

        /// <summary>
        /// Continues from a saved blob; the id of the `status` or `error` that answers, 0 if it is no blob.
        /// </summary>
        public long Restore(byte[] blob)
        {
            var fields = new Map
            {
                { "at", Value.Of(position.Committed) },
                { "take", Value.Of(music.Take) },
                { "blob", Value.Of(blob) },
            };
            try
            {
                Message.Of(MessageTables.Restore, fields.With("id", Value.Of(1L)));
            }
            catch (ProtocolException)
            {
                return 0;
            }
            return Ask(MessageTables.Restore, fields);
        }

        /// <summary>
        /// Tells the service that the game is paused, or continues. The timeline's owner pauses the timeline.
        /// </summary>
        public void SetPaused(bool isPaused) =>
            Control(new Map { { "op", Value.Of(isPaused ? "pause" : "resume") } });

        /// <summary>
        /// Sends any other control now, or not at all; whether it was sent. fields: valid ones of `control`.
        /// </summary>
        public bool Control(Map fields)
        {
            handshake.Changed(fields);
            if (life.IsUp)
            {
                handshake.Asked(fields);
                Send(MessageTables.Control, fields);
            }
            return life.IsUp;
        }

        /// <summary>Ends the session.</summary>
        public void Close(string reason = "quit")
        {
            if (life.IsUp)
            {
                Send(MessageTables.Bye, new Map { { "reason", Value.Of(reason) } });
            }
            End(reason, "", "");
        }

        /// <summary>
        /// Refuses a chunk or a part of a stinger with samples that are no numbers. kind: `chunk` or `stinger`.
        /// number: its `seq` or `id`.
        /// </summary>
        public void RefuseSamples(string kind, long number) =>
            Refuse(ErrorCode.NotFinite, "payload: a value that is not finite", kind, number);

        /// <summary>Begins the handshake on a new connection.</summary>
        public void Connected(double now)
        {
            if (life.Move(Trigger.Connected))
            {
                nowS = now;
                BeginHandshake();
            }
        }

        /// <summary>Reports that the connection is gone.</summary>
        public void Disconnected(string reason) => Disconnect(reason, 0);

        /// <summary>Lets time pass: sends the playhead, reports what was heard, notices a silent service.</summary>
        public void Tick(double now, PlaybackPosition at)
        {
            nowS = now;
            if (at.Underruns > position.Underruns)
            {
                Tell(ClientEvent.Underrun, new Map { { "count", Value.Of(at.Underruns) } });
            }
            var hasChanged = at.IsStanding != position.IsStanding;
            position = at;
            Release();
            if (!at.IsStanding)
            {
                beats.Reach(at.Played, events);
                changes.Reach(at.Played, events);
                stingers.Reach(at.Played, events);
            }
            var isOpen = State != SessionState.Offline && State != SessionState.Closed;
            if (isOpen && now - receivedS >= SessionLimits.SilenceS)
            {
                Disconnect("no message for " + (int)SessionLimits.SilenceS + " s", 0);
            }
            if (State == SessionState.Greeting && now - helloSentS >= SessionLimits.HelloAgainS)
            {
                SendHello();
            }
            if (life.IsUp && (hasChanged || now - reportedS >= SessionLimits.ReportS))
            {
                Report();
            }
            if (State == SessionState.Live)
            {
                SendDue();
            }
        }

        /// <summary>Takes the parts of one message, whatever they hold.</summary>
        public void Receive(IReadOnlyList<byte[]> parts, double now)
        {
            if (State == SessionState.Offline || State == SessionState.Closed)
            {
                return;
            }
            nowS = now;
            receivedS = now;
            var isGreeting = State == SessionState.Greeting;
            try
            {
                var message = Codec.Decode(parts);
                var isTaken = message.Type == "welcome" || message.Type == "error" || message.Type == "bye";
                if ((!isGreeting || isTaken) && !Handle(message))
                {
                    RefusalLimiter.Read(parts, out var about, out var seq);
                    Refuse("unexpected", "not while " + State.ToString().ToLowerInvariant(), about, seq);
                }
            }
            catch (ProtocolException error)
            {
                if (error.Code == ErrorCode.UnsupportedVersion && isGreeting)
                {
                    EndForVersion("the service speaks another version of the protocol: " + error.Message);
                    return;
                }
                RefusalLimiter.Read(parts, out var about, out var seq);
                Refuse(error.Code, error.Message, about, seq);
            }
        }
    }
}
