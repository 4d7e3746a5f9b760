// One event of the game: what was reset, set and fired in a game frame.
#nullable enable
using System.Collections.Generic;
using Segue.Protocol;

namespace Segue.Session
{
    /// <summary>The record `EventItem` of PROTOCOL.md section 5. Nobody changes one that was handed on.</summary>
    internal sealed class EventItem
    {
        public EventItem(long seq, long at, bool hasReset, OrderedMap<string, Value> set, List<string> fire)
        {
            Seq = seq;
            At = at;
            HasReset = hasReset;
            Set = set;
            Fire = fire;
        }

        public long Seq { get; }

        /// <summary>The sample position at which the game means it.</summary>
        public long At { get; }

        public bool HasReset { get; }

        public OrderedMap<string, Value> Set { get; }

        public List<string> Fire { get; }

        public bool IsEmpty => !HasReset && Set.Count == 0 && Fire.Count == 0;

        /// <summary>The same event with other values and triggers.</summary>
        public EventItem With(OrderedMap<string, Value> set, List<string> fire) =>
            new EventItem(Seq, At, HasReset, set, fire);

        /// <summary>The values of this event and a later one's, of which the later count.</summary>
        public OrderedMap<string, Value> SetThen(OrderedMap<string, Value> later)
        {
            var both = new OrderedMap<string, Value>(Set);
            both.SetAll(later);
            return both;
        }

        /// <summary>As it is sent.</summary>
        public Value ToValue()
        {
            var values = new Map();
            foreach (var pair in Set)
            {
                values.Add(pair.Key, pair.Value);
            }
            return Value.Of(new Map
            {
                { "seq", Value.Of(Seq) },
                { "at", Value.Of(At) },
                { "reset", Value.Of(HasReset) },
                { "set", Value.Of(values) },
                { "fire", Value.Of(Fire.ConvertAll(Value.Of)) },
            });
        }
    }

    /// <summary>An event without a receipt.</summary>
    internal sealed class WaitingEvent
    {
        public WaitingEvent(EventItem item, long first, long last, bool isAnswered)
        {
            Item = item;
            First = first;
            Last = last;
            IsAnswered = isAnswered;
        }

        public EventItem Item { get; set; }

        /// <summary>The number of the first game frame in it.</summary>
        public long First { get; set; }

        /// <summary>The number of the last game frame in it.</summary>
        public long Last { get; set; }

        /// <summary>Whether the game has its receipt already.</summary>
        public bool IsAnswered { get; }

        public long Seq => Item.Seq;
    }
}
