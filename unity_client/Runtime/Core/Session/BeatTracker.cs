// Takes `clock` messages in any order, knows the beats ahead, and reports each once when it is heard.
#nullable enable
using System;
using System.Collections.Generic;
using Segue.Protocol;

namespace Segue.Session
{
    /// <summary>A beat of the music.</summary>
    public sealed class BeatAhead
    {
        internal BeatAhead(Record clock, Record beat)
        {
            At = beat["at"].AsInteger;
            Bar = beat["bar"].AsInteger;
            Beat = (int)beat["beat"].AsInteger;
            IsExact = clock["exact"].AsBoolean;
            TempoBpm = clock["tempo_bpm"].AsReal;
            Meter = (int)clock["meter"].AsInteger;
            Groups = clock["groups"].AsList;
        }

        /// <summary>Its sample position.</summary>
        public long At { get; }

        /// <summary>Index of its bar, from 0.</summary>
        public long Bar { get; }

        /// <summary>Index in its bar; 0 is the first beat.</summary>
        public int Beat { get; }

        /// <summary>Whether the music's beat lies exactly there.</summary>
        public bool IsExact { get; }

        public double TempoBpm { get; }

        /// <summary>Beats in a bar.</summary>
        public int Meter { get; }

        /// <summary>Beats of each group of a bar; empty in a meter without groups.</summary>
        public IReadOnlyList<Value> Groups { get; }

        internal Map Fields => new Map
        {
            { "at", Value.Of(At) },
            { "bar", Value.Of(Bar) },
            { "beat", Value.Of((long)Beat) },
            { "exact", Value.Of(IsExact) },
            { "tempo_bpm", Value.Of(TempoBpm) },
            { "meter", Value.Of((long)Meter) },
            { "groups", Value.Of(Groups) },
        };
    }

    internal sealed class BeatTracker
    {
        // Upcoming beats kept: some minutes of music at any tempo.
        private const int MostKept = 1024;

        private long reached = -1;

        /// <summary>
        /// The beats that are announced and not heard yet, in order. The list is never changed: others may hold it.
        /// </summary>
        public List<BeatAhead> Upcoming { get; private set; } = new List<BeatAhead>();

        /// <summary>Takes a `clock`: from its start on, its beats replace the earlier ones.</summary>
        public void Take(Record clock)
        {
            var start = clock["start"].AsInteger;
            var beats = Upcoming.FindAll(beat => beat.At < start);
            foreach (var each in clock["beats"].AsList)
            {
                var beat = new BeatAhead(clock, each.AsRecord);
                if (beat.At > reached && beats.Count < MostKept)
                {
                    beats.Add(beat);
                }
            }
            Upcoming = beats;
        }

        /// <summary>Appends the beats up to the sample heard now that were not reported yet, in order.</summary>
        public void Reach(long played, List<ClientEvent> events)
        {
            var due = 0;
            while (due < Upcoming.Count && Upcoming[due].At <= played)
            {
                events.Add(new ClientEvent(ClientEvent.BeatHeard, Upcoming[due].Fields));
                reached = Math.Max(reached, Upcoming[due].At);
                due++;
            }
            if (due > 0)
            {
                Upcoming = Upcoming.GetRange(due, Upcoming.Count - due);
            }
            // A sample clock that stands at a beat has not passed it: the beat at 0 may still be announced.
            reached = Math.Max(reached, played - 1);
        }
    }
}
