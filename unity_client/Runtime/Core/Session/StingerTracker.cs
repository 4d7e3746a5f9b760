// Reports each stinger once when it begins to be heard.
#nullable enable
using System;
using System.Collections.Generic;
using Segue.Protocol;

namespace Segue.Session
{
    internal sealed class StingerTracker
    {
        // Stingers remembered, so that none is reported twice.
        private const int Remembered = 256;

        // Name and sample position by id.
        private readonly OrderedMap<long, (string Name, long At)> upcoming = new OrderedMap<long, (string, long)>();
        private readonly List<long> seen = new List<long>();

        /// <summary>Takes what the service says of a stinger. committed: the sample clock by then.</summary>
        public void Take(Record stinger, long committed)
        {
            var id = stinger["id"].AsInteger;
            var kind = stinger["kind"].AsText;
            if (kind == "cancelled" || kind == "dropped")
            {
                upcoming.Remove(id);
            }
            else if (kind == "placed" && !seen.Contains(id))
            {
                seen.Add(id);
                if (seen.Count > Remembered)
                {
                    seen.RemoveAt(0);
                }
                var start = stinger["start"].AsInteger;
                if (start >= committed || stinger["if_late"].AsText == "play")
                {
                    upcoming[id] = (stinger["name"].AsText, Math.Max(start, committed));
                }
            }
        }

        /// <summary>
        /// Forgets stingers from a sample on, which a restored session places again; their cancellations.
        /// </summary>
        public List<Message> Restarted(long at)
        {
            var cancelled = new List<Message>();
            foreach (var id in upcoming.Keys)
            {
                var heard = upcoming[id];
                if (heard.At < at)
                {
                    continue;
                }
                upcoming.Remove(id);
                cancelled.Add(Message.Of(MessageTables.Stinger, new Map
                {
                    { "id", Value.Of(id) },
                    { "name", Value.Of(heard.Name) },
                    { "kind", Value.Of("cancelled") },
                    { "start", Value.Of(heard.At) },
                }));
            }
            return cancelled;
        }

        /// <summary>Appends the stingers up to the sample heard now that were not reported yet, in order.</summary>
        public void Reach(long played, List<ClientEvent> events)
        {
            var first = events.Count;
            foreach (var id in upcoming.Keys)
            {
                var heard = upcoming[id];
                if (heard.At > played)
                {
                    continue;
                }
                upcoming.Remove(id);
                var at = events.Count;
                while (at > first && events[at - 1]["at"].AsInteger > heard.At)
                {
                    at--;
                }
                events.Insert(at, new ClientEvent(ClientEvent.StingerHeard, new Map
                {
                    { "id", Value.Of(id) },
                    { "name", Value.Of(heard.Name) },
                    { "at", Value.Of(heard.At) },
                }));
            }
        }
    }
}
