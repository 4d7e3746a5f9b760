// Where playback stands, in samples of the session's clock.
#nullable enable
using System;
using Segue.Protocol;

namespace Segue.Playback
{
    /// <summary>Fields as in `playhead`.</summary>
    public readonly struct PlaybackPosition
    {
        public PlaybackPosition(
            long played,
            long committed,
            long have,
            bool isStanding,
            long underruns = 0,
            long late = 0,
            long dropped = 0)
        {
            Played = played;
            Committed = committed;
            Have = have;
            IsStanding = isStanding;
            Underruns = underruns;
            Late = late;
            Dropped = dropped;
        }

        /// <summary>Before anything was played.</summary>
        public static PlaybackPosition Start => new PlaybackPosition(0, 0, 0, true);

        public long Played { get; }

        public long Committed { get; }

        public long Have { get; }

        /// <summary>Whether the sample clock stands.</summary>
        public bool IsStanding { get; }

        public long Underruns { get; }

        public long Late { get; }

        public long Dropped { get; }

        /// <summary>The fields of `playhead`. lastChunk: `seq` of the last chunk received.</summary>
        internal Map Playhead(long lastChunk) => new Map
        {
            { "played", Value.Of(Math.Min(Played, Committed)) },
            { "committed", Value.Of(Committed) },
            { "have", Value.Of(Math.Max(Have, Committed)) },
            { "paused", Value.Of(IsStanding) },
            { "last_chunk", Value.Of(lastChunk) },
            { "underruns", Value.Of(Underruns) },
            { "late", Value.Of(Late) },
            { "dropped", Value.Of(Dropped) },
        };
    }
}
