// The last value that the game gave each input, so that no value is sent twice in a row.
#nullable enable
using Segue.Protocol;

namespace Segue.Session
{
    internal sealed class LastValues
    {
        // By name, the latest last.
        private readonly OrderedMap<string, Entry> entries = new OrderedMap<string, Entry>();

        /// <summary>The last value of every input.</summary>
        public OrderedMap<string, Value> All
        {
            get
            {
                var values = new OrderedMap<string, Value>();
                foreach (var pair in entries)
                {
                    values[pair.Key] = pair.Value.Value;
                }
                return values;
            }
        }

        /// <summary>Notes the values of an event. seq: its number.</summary>
        public void Note(OrderedMap<string, Value> values, long seq)
        {
            foreach (var pair in values)
            {
                entries.Remove(pair.Key);
                entries[pair.Key] = new Entry(pair.Value, seq, true);
            }
            while (entries.Count > SessionLimits.MostSettings)
            {
                entries.RemoveFirst();
            }
        }

        /// <summary>Whether the input has this value already.</summary>
        public bool IsKnown(string name, Value value) =>
            entries.TryGet(name, out var last) && last.IsSure && last.Value.EqualsPlain(value);

        /// <summary>Whether the event of this number was the last to set the input.</summary>
        public bool IsFrom(string name, long seq) => entries.TryGet(name, out var last) && last.Seq == seq;

        /// <summary>Lets the input be set again, even to the same value.</summary>
        public void Doubt(string name) => entries[name] = new Entry(entries[name].Value, entries[name].Seq, false);

        /// <summary>The same for every input: the service's values may differ.</summary>
        public void DoubtAll() => entries.Keys.ForEach(Doubt);

        /// <summary>Forgets all values: they were reset.</summary>
        public void Clear() => entries.Clear();

        /// <summary>A value, the event that set it, and whether setting it again changes nothing.</summary>
        private readonly struct Entry
        {
            public readonly Value Value;
            public readonly long Seq;
            public readonly bool IsSure;

            public Entry(Value value, long seq, bool isSure)
            {
                Value = value;
                Seq = seq;
                IsSure = isSure;
            }
        }
    }
}
