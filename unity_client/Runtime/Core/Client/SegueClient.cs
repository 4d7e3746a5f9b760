// A game's client of a Segue service: what a game calls.
#nullable enable
using System;
using System.Collections.Generic;
using System.Text;
using System.Threading;
using Segue.Playback;
using Segue.Protocol;
using Segue.Session;
using Segue.Transport;

namespace Segue.Client
{
    /// <summary>How a client connects, and what it asks for.</summary>
    public sealed class ClientOptions
    {
        /// <summary>The service's token; empty: none.</summary>
        public string Token { get; set; } = "";

        /// <summary>For tls://; null: the certificates that the system trusts.</summary>
        public TlsOptions? Tls { get; set; }

        /// <summary>
        /// Music that must be there before playing begins, unless the lookahead is shorter; 60 to 45 000.
        /// </summary>
        public int PreRollMs { get; set; } = 300;

        /// <summary>
        /// Fields of `hello` that a game chooses: `rules_text` or `rules_name`, `generator`, `seed`, `lookahead_ms`,
        /// `stingers`, `format`.
        /// </summary>
        public Map Hello { get; set; } = new Map();
    }

    /// <summary>
    /// A thread of its own connects, keeps the session and receives the music. The game sets inputs and polls events
    /// from one thread and never waits; the engine's audio thread renders.
    /// </summary>
    public sealed class SegueClient : IDisposable
    {
        private const string Name = "segue-unity";
        private const int LongestToken = 255;
        private const int JoinMs = 500;

        private readonly ClientWorker worker;
        private readonly Thread thread;
        private InputTable? table;
        private OrderedMap<string, Value> set = new OrderedMap<string, Value>();
        private List<string> fire = new List<string>();
        private bool hasReset;
        private long lastFrame;
        private long lastRequest;

        /// <summary>
        /// Starts the client. address: tcp://HOST:PORT or tls://HOST:PORT. Throws ArgumentException for a wrong
        /// address, token or pre-roll, and ProtocolException for wrong fields of `hello`.
        /// </summary>
        public SegueClient(string address, ClientOptions? options = null)
        {
            options ??= new ClientOptions();
            if (Encoding.UTF8.GetByteCount(options.Token) > LongestToken)
            {
                throw new ArgumentException("token: expected at most " + LongestToken + " bytes");
            }
            const int samplesPerMs = Lengths.SampleRate / 1000;
            const int least = 2 * Lengths.Fade / samplesPerMs;
            const int most = Lengths.Capacity / samplesPerMs;
            if (options.PreRollMs < least || options.PreRollMs > most)
            {
                throw new ArgumentException(
                    "PreRollMs: expected " + least + " to " + most + ", got " + options.PreRollMs);
            }
            var hello = new Map
            {
                { "versions", Value.Of(new[] { Value.Of((long)Limits.Version) }) },
                { "client", Value.Of(Name) },
            };
            foreach (var pair in options.Hello)
            {
                hello = hello.With(pair.Key, pair.Value);
            }
            worker = new ClientWorker(Address.Parse(address), options.Token, options.Tls, hello, options.PreRollMs * samplesPerMs);
            thread = new Thread(worker.Run) { IsBackground = true, Name = "Segue" };
            thread.Start();
        }

        /// <summary>Where playback stands, as of the last Render.</summary>
        public PlaybackPosition Position => worker.Player.Position;

        /// <summary>Events without a receipt, as of some milliseconds ago.</summary>
        public int Waiting => worker.Waiting;

        /// <summary>The beats ahead that are announced and not heard yet.</summary>
        public List<BeatAhead> UpcomingBeats
        {
            get
            {
                var played = Position.Played;
                var ahead = new List<BeatAhead>();
                foreach (var beat in worker.Beats)
                {
                    if (beat.At > played)
                    {
                        ahead.Add(beat);
                    }
                }
                return ahead;
            }
        }

        /// <summary>
        /// Ends the session and its thread, normally within 100 ms; any number of times. Poll gives what is left.
        /// False: the thread did not end in a second, though its socket was closed.
        /// </summary>
        public bool Close()
        {
            worker.AskToStop();
            if (thread.Join(JoinMs))
            {
                return true;
            }
            worker.Abort();
            return thread.Join(JoinMs);
        }

        public void Dispose() => Close();

        /// <summary>Sets an input; the last value of a game frame counts. Why it was not taken, or null.</summary>
        public InputError? SetInput(string name, double value) => SetValue(name, Value.Of(value));

        /// <summary>Sets an input of whole numbers.</summary>
        public InputError? SetInput(string name, long value) => SetValue(name, Value.Of(value));

        /// <summary>Sets a flag.</summary>
        public InputError? SetInput(string name, bool value) => SetValue(name, Value.Of(value));

        /// <summary>Sets a choice.</summary>
        public InputError? SetInput(string name, string value) => SetValue(name, Value.Of(value));

        /// <summary>
        /// Sets an input of any type; the last value of a game frame counts. Why it was not taken, or null.
        /// </summary>
        public InputError? SetValue(string name, Value value)
        {
            var error = Check(name, value, out var converted);
            if (error == null)
            {
                set[name] = converted;
            }
            return error;
        }

        /// <summary>Why SetValue would not take a value, or null.</summary>
        public InputError? MistakeIn(string name, Value value) => Check(name, value, out _);

        /// <summary>Fires a trigger; each call counts. Why it was not taken, or null.</summary>
        public InputError? Fire(string name)
        {
            table = worker.TakeInputs() ?? table;
            var error = table != null ? table.CheckTrigger(name) : InputTable.CheckName(name);
            error ??= worker.Waiting + fire.Count >= SessionLimits.MostUnreceipted ? QueueFull() : null;
            if (error == null)
            {
                fire.Add(name);
            }
            return error;
        }

        /// <summary>
        /// Returns all inputs and states to what they were at the start, such as for a new game; the music goes on.
        /// What was set and fired before it in the same game frame has no effect. Why it was not taken, or null.
        /// </summary>
        public InputError? Reset()
        {
            if (worker.Waiting >= SessionLimits.MostUnreceipted)
            {
                return QueueFull();
            }
            BeginFrame(true);
            return null;
        }

        /// <summary>
        /// Ends a game frame: what was reset, set and fired in it takes effect together. Its number, which has one
        /// `receipt`; 0 if nothing was.
        /// </summary>
        public long EndFrame()
        {
            if (set.Count == 0 && fire.Count == 0 && !hasReset)
            {
                return 0;
            }
            var number = ++lastFrame;
            var frame = new EventItem(0, Position.Played, hasReset, set, fire);
            worker.Enqueue((session, numbers) => EndFrame(session, numbers, number, frame));
            BeginFrame(false);
            return number;
        }

        /// <summary>
        /// Requests the music as a blob for a save game; the `id` of the `saved` or `error` that answers.
        /// </summary>
        public long Save()
        {
            var number = ++lastRequest;
            worker.Enqueue((session, numbers) => numbers.Request(number, session.Save()));
            return number;
        }

        /// <summary>
        /// Continues from a saved blob; the number in `restore` of the `status`, or in `seq` of the `error`, that
        /// answers. 0: it is no blob.
        /// </summary>
        public long Restore(byte[] blob)
        {
            var fields = new Map
            {
                { "id", Value.Of(1L) },
                { "at", Value.Of(0L) },
                { "take", Value.Of(0L) },
                { "blob", Value.Of(blob) },
            };
            if (MistakeIn(MessageTables.Restore, fields).Length > 0)
            {
                return 0;
            }
            // The save has inputs and states of its own.
            hasReset = false;
            var number = ++lastRequest;
            worker.Enqueue((session, numbers) => numbers.Request(number, session.Restore(blob)));
            return number;
        }

        /// <summary>
        /// Lets the session continue at another address, as after a restart of its service. Empty: the client waits for
        /// the next call of this. Throws ArgumentException for a wrong address.
        /// </summary>
        public void Move(string address)
        {
            var to = address.Length == 0 ? null : Address.Parse(address);
            worker.Enqueue((session, numbers) => worker.Move(to));
        }

        /// <summary>Pauses the music with the game, or lets it continue.</summary>
        public void SetPaused(bool isPaused) => worker.Enqueue((session, numbers) =>
        {
            worker.Player.SetPaused(isPaused);
            session.SetPaused(isPaused);
        });

        /// <summary>
        /// Changes the music's volume, from -96 dB, which is silence, to 12 dB. rampMs: time of the change, 0 to
        /// 60 000. Throws ArgumentException.
        /// </summary>
        public void SetVolume(double gainDb, int rampMs = 0)
        {
            if (double.IsNaN(gainDb))
            {
                throw new ArgumentException(
                    "gainDb: expected a number of dB, got NaN; check for a division by zero before it");
            }
            var gain = Math.Min(12.0, Math.Max(Lengths.SilentDb, gainDb));
            ChangeVolume(VolumeChange.Volume, gain, rampMs, new Map
            {
                { "op", Value.Of("volume") },
                { "gain_db", Value.Of(gain) },
            });
        }

        /// <summary>
        /// Mutes the music and keeps the volume, or unmutes it. rampMs: as of SetVolume. Throws ArgumentException.
        /// </summary>
        public void SetMuted(bool isMuted, int rampMs = 0) => ChangeVolume(
            isMuted ? VolumeChange.Mute : VolumeChange.Unmute,
            0.0,
            rampMs,
            new Map { { "op", Value.Of(isMuted ? "mute" : "unmute") } });

        /// <summary>
        /// Asks for other rules or another generator. fields: of the message `control`. What is wrong with them;
        /// empty: nothing.
        /// </summary>
        public string Control(Map fields)
        {
            var mistake = MistakeIn(MessageTables.Control, fields);
            if (mistake.Length == 0)
            {
                worker.Enqueue((session, numbers) => session.Control(fields));
            }
            return mistake;
        }

        /// <summary>What happened since the last call, in order.</summary>
        public IReadOnlyCollection<ClientEvent> Poll() => worker.TakeEvents();

        /// <summary>
        /// From the engine's audio thread: fills the block with the next samples at 48 kHz, interleaved stereo, with
        /// silence where there is no music. latency: samples that were rendered and are not heard yet, after these.
        /// It neither locks nor allocates. Throws ArgumentException for an odd number of values.
        /// </summary>
        public void Render(Span<float> output, int latency) => worker.Player.Read(output, latency);

        private InputError? Check(string name, Value value, out Value converted)
        {
            table = worker.TakeInputs() ?? table;
            converted = value;
            return table != null
                ? table.Convert(name, value, out converted)
                : InputTable.CheckName(name) ?? InputTable.CheckPlain(name, value);
        }

        private void BeginFrame(bool withReset)
        {
            hasReset = withReset;
            set = new OrderedMap<string, Value>();
            fire = new List<string>();
        }

        private void ChangeVolume(VolumeChange change, double gainDb, int rampMs, Map fields)
        {
            if (rampMs < 0 || rampMs > 60_000)
            {
                throw new ArgumentException("rampMs: expected 0 to 60000, got " + rampMs);
            }
            fields.Add("ramp_ms", Value.Of((long)rampMs));
            worker.Enqueue((session, numbers) =>
            {
                worker.Player.ChangeVolume(change, gainDb, rampMs);
                session.Control(fields);
            });
        }

        /// <summary>On the client's thread: makes one event of a game frame.</summary>
        private void EndFrame(ClientSession session, GameNumbers numbers, long number, EventItem frame)
        {
            if (frame.HasReset)
            {
                TellRefused("", session.Reset());
            }
            foreach (var pair in frame.Set)
            {
                TellRefused(pair.Key, session.SetInput(pair.Key, pair.Value));
            }
            foreach (var name in frame.Fire)
            {
                TellRefused(name, session.Fire(name));
            }
            var seq = session.EndFrame(frame.At);
            // A frame that says nothing new gets its receipt at once.
            var superseded = seq == 0 ? number : numbers.Frame(number, seq);
            if (superseded != 0)
            {
                worker.Report(new ClientEvent(ClientEvent.Receipt, new Map
                {
                    { "seq", Value.Of(superseded) },
                    { "accepted", Value.Of(true) },
                    { "code", Value.Of("superseded") },
                    { "frame", Value.Of(0L) },
                    { "text", Value.Of("the inputs have these values, or a later frame sets them") },
                }));
            }
        }

        /// <summary>What was good at the call may fit no more: the rules have changed, or too much waits.</summary>
        private void TellRefused(string name, InputError? error)
        {
            if (error != null)
            {
                worker.Report(OutboxNews.InputRefused(name, error));
            }
        }

        private static string MistakeIn(RecordTable messageTable, Map fields)
        {
            try
            {
                Message.Of(messageTable, fields);
                return "";
            }
            catch (ProtocolException error)
            {
                return error.Message;
            }
        }

        private static InputError QueueFull() =>
            new InputError("queue_full", "too many events wait for the service; slow down");
    }
}
