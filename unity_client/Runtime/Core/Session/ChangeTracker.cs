// Reports each change once when it is heard, whatever replacements and restores come in between.
#nullable enable
using System.Collections.Generic;
using Segue.Playback;
using Segue.Protocol;

namespace Segue.Session
{
    /// <summary>PROTOCOL.md section 11.1. A change is named by its layer and the frame of its decision.</summary>
    internal sealed class ChangeTracker
    {
        // Changes remembered, so that none is reported twice.
        private const int Remembered = 256;

        private readonly OrderedMap<(string, long), Upcoming> upcoming = new OrderedMap<(string, long), Upcoming>();
        private readonly List<(string, long)> reported = new List<(string, long)>();
        private long take;

        // The greatest take at the answer to a restore; null: none is awaited.
        private long? restoredOver;

        /// <summary>Takes a change: a rendered one will be heard, unless it is withdrawn before.</summary>
        public void Take(Record change)
        {
            var key = (change["layer"].AsText, change["decided"].AsInteger);
            if (change["kind"].AsText != "rendered")
            {
                upcoming.Remove(key);
            }
            else if (!reported.Contains(key))
            {
                upcoming[key] = new Upcoming(change, change["audible"].AsInteger);
            }
        }

        /// <summary>Takes a chunk. committed: the sample clock by then.</summary>
        public void Chunk(Record chunk, long committed)
        {
            if (chunk["take"].AsInteger <= take)
            {
                return;
            }
            take = chunk["take"].AsInteger;
            var start = chunk["start"].AsInteger;
            if (restoredOver != null && take > restoredOver)
            {
                // Restored music begins here and replaces what the music before it announced for later.
                restoredOver = null;
                foreach (var key in upcoming.Keys)
                {
                    if (upcoming[key].IsUncertain && upcoming[key].At >= start)
                    {
                        upcoming.Remove(key);
                    }
                    else
                    {
                        upcoming[key].IsUncertain = false;
                    }
                }
            }
            foreach (var pair in upcoming)
            {
                // The timeline joins a late replacement at `committed`.
                var isLate = start <= pair.Value.At && pair.Value.At < committed;
                pair.Value.At = isLate ? committed + Lengths.Join : pair.Value.At;
            }
        }

        /// <summary>Expects restored music in a take after this one, the greatest so far.</summary>
        public void Restored(long greatest)
        {
            restoredOver = greatest;
            foreach (var pair in upcoming)
            {
                pair.Value.IsUncertain = true;
            }
        }

        /// <summary>Forgets changes from a sample on, which a restored session announces again.</summary>
        public void Restarted(long at)
        {
            foreach (var key in upcoming.Keys)
            {
                if (upcoming[key].At >= at)
                {
                    upcoming.Remove(key);
                }
            }
        }

        /// <summary>Appends the changes up to the sample heard now that were not reported yet, in order.</summary>
        public void Reach(long played, List<ClientEvent> events)
        {
            var due = new List<(string, long)>();
            foreach (var pair in upcoming)
            {
                if (pair.Value.At > played)
                {
                    continue;
                }
                var at = due.Count;
                while (at > 0 && upcoming[due[at - 1]].At > pair.Value.At)
                {
                    at--;
                }
                due.Insert(at, pair.Key);
            }
            foreach (var key in due)
            {
                var change = new Map { { "change", Value.Of(upcoming[key].Change) } };
                events.Add(new ClientEvent(ClientEvent.ChangeHeard, change));
                upcoming.Remove(key);
                reported.Add(key);
            }
            if (reported.Count > Remembered)
            {
                reported.RemoveRange(0, reported.Count - Remembered);
            }
        }

        /// <summary>A change not heard yet, and its sample position.</summary>
        private sealed class Upcoming
        {
            public readonly Record Change;

            public Upcoming(Record change, long at)
            {
                Change = change;
                At = at;
            }

            public long At { get; set; }

            /// <summary>Whether restored music may leave it out.</summary>
            public bool IsUncertain { get; set; }
        }
    }
}
