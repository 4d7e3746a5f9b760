// A map by name that keeps the order in which names came, as the wire does.
#nullable enable
using System;
using System.Collections;
using System.Collections.Generic;

namespace Segue.Protocol
{
    public sealed class Map : IEnumerable<KeyValuePair<string, Value>>
    {
        /// <summary>What absent maps are; it stays empty.</summary>
        public static readonly Map Empty = new Map();

        private readonly List<KeyValuePair<string, Value>> pairs = new List<KeyValuePair<string, Value>>();
        private readonly Dictionary<string, Value> byName = new Dictionary<string, Value>(StringComparer.Ordinal);

        public int Count => pairs.Count;

        /// <summary>Throws ArgumentException if the name is there already.</summary>
        public void Add(string name, Value value)
        {
            if (!TryAdd(name, value))
            {
                throw new ArgumentException("map: name twice: " + name);
            }
        }

        /// <summary>False, and nothing changed, if the name is there already.</summary>
        public bool TryAdd(string name, Value value)
        {
            if (ReferenceEquals(this, Empty))
            {
                throw new InvalidOperationException("map: the empty one cannot be added to");
            }
            if (byName.ContainsKey(name))
            {
                return false;
            }
            byName.Add(name, value);
            pairs.Add(new KeyValuePair<string, Value>(name, value));
            return true;
        }

        /// <summary>Throws KeyNotFoundException for a name that is not there.</summary>
        public Value this[string name] => byName[name];

        /// <summary>The same map with another value of one name, in its place or at the end.</summary>
        public Map With(string name, Value value)
        {
            var changed = new Map();
            foreach (var pair in pairs)
            {
                changed.Add(pair.Key, pair.Key == name ? value : pair.Value);
            }
            changed.TryAdd(name, value);
            return changed;
        }

        public bool TryGet(string name, out Value value) => byName.TryGetValue(name, out value);

        public IEnumerator<KeyValuePair<string, Value>> GetEnumerator() => pairs.GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
