// The audio side of a client: music from the network thread, samples to the audio thread, and no lock between.
#nullable enable
using System;
using System.Collections.Generic;
using Segue.Protocol;

namespace Segue.Playback
{
    /// <summary>
    /// One thread, the client's, delivers and commands; one thread, the engine's, reads. Any thread asks for the
    /// position. What does not fit the ring waits with the client's thread until Update.
    /// </summary>
    public sealed class Player
    {
        // Commands on their way; a service sends some chunks and stingers a second.
        private const int RingCapacity = 1024;

        private readonly Timeline timeline = new Timeline();
        private readonly Volume volume = new Volume();
        private readonly SpscQueue<Command> ring = new SpscQueue<Command>(RingCapacity);
        private readonly Queue<Command> waiting = new Queue<Command>();
        private readonly PublishedPosition published = new PublishedPosition();

        // Of the audio thread: silence after the last of the music, and the last position heard, in samples.
        private long silence;
        private long played;

        /// <summary>Where playback stands, as of the last Read.</summary>
        public PlaybackPosition Position => published.Read();

        /// <summary>
        /// From the audio thread: fills the block, interleaved stereo at 48 kHz, with silence where there is no music.
        /// latency: samples that were read and are not heard yet, after these. It neither locks nor allocates.
        /// Throws ArgumentException for an odd number of values.
        /// </summary>
        public void Read(Span<float> output, int latency)
        {
            for (var command = ring.TryTake(); command != null; command = ring.TryTake())
            {
                Apply(command);
            }
            var count = output.Length / Lengths.Channels;
            var moved = timeline.Read(output);
            volume.Apply(output);
            silence = moved > 0 ? count - moved : silence + count;
            // What was read before the silence is heard while the silence waits.
            played = Math.Max(played, timeline.Committed - Math.Max(0, latency - silence));
            published.Write(timeline, played);
        }

        /// <summary>Takes a chunk or a stinger as it came; false if a sample is no finite number.</summary>
        public bool Deliver(Message message)
        {
            var record = message.Record;
            float[]? samples = null;
            if (message.Payload != null)
            {
                samples = Pcm.Samples(message.Payload, record["format"].AsText);
                if (samples == null)
                {
                    return false;
                }
            }
            Put(message.Type == "chunk"
                ? Command.OfChunk(record, samples!)
                : Command.OfStinger(new StingerPart(record, samples)));
            return true;
        }

        /// <summary>Sets how much music must be there before playing begins, in samples.</summary>
        public void SetPreRoll(int samples) => Put(Command.OfPreRoll(samples));

        /// <summary>Stops the music with a fade, or lets it continue.</summary>
        public void SetPaused(bool isPaused) => Put(Command.OfPause(isPaused));

        /// <summary>Changes the game's volume. gainDb: for Volume.</summary>
        public void ChangeVolume(VolumeChange change, double gainDb, int rampMs) =>
            Put(Command.OfVolume(change, gainDb, rampMs));

        /// <summary>Passes on what waits because the audio thread has not taken what came before.</summary>
        public void Update()
        {
            while (waiting.Count > 0 && ring.TryPut(waiting.Peek()))
            {
                waiting.Dequeue();
            }
        }

        private void Put(Command command)
        {
            Update();
            if (waiting.Count > 0 || !ring.TryPut(command))
            {
                waiting.Enqueue(command);
            }
        }

        private void Apply(Command command)
        {
            switch (command.Kind)
            {
                case CommandKind.Chunk:
                    timeline.Write(command.Take, command.Start, command.Samples!, command.Flag);
                    break;
                case CommandKind.Stinger:
                    timeline.Stingers.Take(command.Stinger!, timeline.Committed);
                    break;
                case CommandKind.PreRoll:
                    timeline.PreRoll = command.Number;
                    break;
                case CommandKind.Volume:
                    volume.Change(command.Change, command.GainDb, command.Number);
                    break;
                default:
                    if (command.Flag)
                    {
                        timeline.Pause();
                    }
                    else
                    {
                        timeline.Resume();
                    }
                    break;
            }
        }

        private enum CommandKind
        {
            Chunk,
            Stinger,
            PreRoll,
            Volume,
            Pause,
        }

        /// <summary>
        /// What the client's thread wants of the audio thread; which fields count depends on the kind.
        /// </summary>
        private sealed class Command
        {
            public readonly CommandKind Kind;

            private Command(CommandKind kind)
            {
                Kind = kind;
            }

            public long Take { get; private set; }

            public long Start { get; private set; }

            public float[]? Samples { get; private set; }

            public StingerPart? Stinger { get; private set; }

            public VolumeChange Change { get; private set; }

            public double GainDb { get; private set; }

            /// <summary>The pre-roll in samples, or a ramp in milliseconds.</summary>
            public int Number { get; private set; }

            /// <summary>Whether a chunk is mixed, or the game pauses.</summary>
            public bool Flag { get; private set; }

            public static Command OfChunk(Record chunk, float[] samples) => new Command(CommandKind.Chunk)
            {
                Take = chunk["take"].AsInteger,
                Start = chunk["start"].AsInteger,
                Samples = samples,
                Flag = chunk["mixed"].AsBoolean,
            };

            public static Command OfStinger(StingerPart part) =>
                new Command(CommandKind.Stinger) { Stinger = part };

            public static Command OfPreRoll(int samples) => new Command(CommandKind.PreRoll) { Number = samples };

            public static Command OfPause(bool isPaused) => new Command(CommandKind.Pause) { Flag = isPaused };

            public static Command OfVolume(VolumeChange change, double gainDb, int rampMs) =>
                new Command(CommandKind.Volume) { Change = change, GainDb = gainDb, Number = rampMs };
        }
    }
}
