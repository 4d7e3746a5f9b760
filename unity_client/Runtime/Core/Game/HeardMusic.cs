// What is heard of the music, and why: for overlays. Events come ahead of their sound.
#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using Segue.Client;
using Segue.Playback;
using Segue.Protocol;
using Segue.Session;

namespace Segue.Game
{
    /// <summary>A change that was heard.</summary>
    public sealed class HeardChange
    {
        internal HeardChange(Record change)
        {
            Layer = change["layer"].AsText;
            From = change["from_state"].AsText;
            To = change["to_state"].AsText;
            var texts = new List<string>();
            foreach (var cause in change["causes"].AsList)
            {
                texts.Add(cause.AsRecord["text"].AsText);
            }
            Causes = texts;
        }

        public string Layer { get; }

        public string From { get; }

        public string To { get; }

        /// <summary>Why, in words.</summary>
        public IReadOnlyList<string> Causes { get; }
    }

    /// <summary>From the game's thread only.</summary>
    public sealed class HeardMusic
    {
        private const int MostChanges = 8;
        private const int MostDecided = 64;
        private const int MostFrames = 256;
        private const int MostChunks = 512;

        private readonly List<HeardChange> changes = new List<HeardChange>();
        private readonly List<KeyValuePair<string, long>> decided = new List<KeyValuePair<string, long>>();
        private readonly List<Chunk> chunks = new List<Chunk>();
        private readonly OrderedMap<long, long> sentAt = new OrderedMap<long, long>();
        private SegueClient? client;
        private SpeakerFeed? feed;

        /// <summary>Milliseconds from the last frame sent to its receipt; negative: none came.</summary>
        public double ReceiptMs { get; private set; } = -1.0;

        /// <summary>Milliseconds from the last event to its sound; negative: none is heard.</summary>
        public double EventMs { get; private set; } = -1.0;

        /// <summary>What made the music that arrived last.</summary>
        public string Generator { get; private set; } = "";

        /// <summary>The last changes that were heard, the latest first.</summary>
        public IReadOnlyList<HeardChange> Changes => changes;

        /// <summary>By layer: the state that is heard.</summary>
        public Map States => Now(chunk => chunk.States);

        /// <summary>By state: its share of the mix that is heard.</summary>
        public Map Mix => Now(chunk => chunk.Mix);

        /// <summary>Where playback stands.</summary>
        public PlaybackPosition Position => client == null ? PlaybackPosition.Start : client.Position;

        /// <summary>The sample of the session's clock that is heard now.</summary>
        public double Sample
        {
            get
            {
                var position = Position;
                if (feed == null || position.IsStanding)
                {
                    return position.Played;
                }
                return Math.Min(position.Played + (feed.AgeS * Lengths.SampleRate), position.Committed);
            }
        }

        internal void Open(SegueClient opened, SpeakerFeed fed)
        {
            client = opened;
            feed = fed;
        }

        /// <summary>Lets go of the client. What was heard last stays known.</summary>
        internal void Close()
        {
            client = null;
            feed = null;
        }

        /// <summary>Notes that a game frame was sent.</summary>
        internal void Sent(long number)
        {
            sentAt[number] = Stopwatch.GetTimestamp();
            if (sentAt.Count > MostFrames)
            {
                sentAt.RemoveFirst();
            }
        }

        /// <summary>
        /// Whether a change is decided that was not known. It is told again when it is rendered; one that waits for
        /// nothing only then.
        /// </summary>
        internal bool IsNewDecision(Map change)
        {
            var key = new KeyValuePair<string, long>(change["layer"].AsText, change["decided"].AsInteger);
            if (change["kind"].AsText == "withdrawn" || decided.Contains(key))
            {
                return false;
            }
            decided.Add(key);
            if (decided.Count > MostDecided)
            {
                decided.RemoveAt(0);
            }
            return true;
        }

        internal void Take(ClientEvent happened)
        {
            switch (happened.Kind)
            {
                case ClientEvent.MusicArrived:
                    TakeChunk(happened);
                    break;
                case ClientEvent.Receipt when happened["code"].AsText != "superseded":
                    ReceiptMs = Since(happened["seq"].AsInteger, ReceiptMs);
                    break;
                case ClientEvent.ChangeHeard:
                    TakeChange(happened["change"].AsRecord);
                    break;
            }
        }

        private void TakeChunk(ClientEvent happened)
        {
            Generator = happened["generator"].AsText;
            var start = happened["start"].AsInteger;
            // A replacement takes the place of what comes after its start.
            chunks.RemoveAll(each => each.Start >= start);
            chunks.Add(new Chunk(start, happened["mix"].AsMap, happened["states"].AsMap));
            if (chunks.Count > MostChunks)
            {
                chunks.RemoveAt(0);
            }
        }

        private void TakeChange(Record change)
        {
            foreach (var cause in change["causes"].AsList)
            {
                EventMs = Since(cause.AsRecord["seq"].AsInteger, EventMs);
            }
            changes.Insert(0, new HeardChange(change));
            if (changes.Count > MostChanges)
            {
                changes.RemoveAt(MostChanges);
            }
        }

        private Map Now(Func<Chunk, Map> part)
        {
            var heard = Sample;
            while (chunks.Count > 1 && chunks[1].Start <= heard)
            {
                chunks.RemoveAt(0);
            }
            return chunks.Count == 0 ? Map.Empty : part(chunks[0]);
        }

        private double Since(long number, double otherwise) => sentAt.TryGet(number, out var at)
            ? (Stopwatch.GetTimestamp() - at) * 1000.0 / Stopwatch.Frequency
            : otherwise;

        private readonly struct Chunk
        {
            public readonly long Start;
            public readonly Map Mix;
            public readonly Map States;

            public Chunk(long start, Map mix, Map states)
            {
                Start = start;
                Mix = mix;
                States = states;
            }
        }
    }
}
