// A map that keeps the order in which its keys came; a key that is set again keeps its place.
#nullable enable
using System.Collections;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;

namespace Segue.Session
{
    internal sealed class OrderedMap<TKey, TValue> : IEnumerable<KeyValuePair<TKey, TValue>>
        where TKey : notnull
    {
        private readonly LinkedList<KeyValuePair<TKey, TValue>> pairs = new LinkedList<KeyValuePair<TKey, TValue>>();
        private readonly Dictionary<TKey, LinkedListNode<KeyValuePair<TKey, TValue>>> nodes =
            new Dictionary<TKey, LinkedListNode<KeyValuePair<TKey, TValue>>>();

        public OrderedMap()
        {
        }

        /// <summary>A copy.</summary>
        public OrderedMap(OrderedMap<TKey, TValue> other)
        {
            SetAll(other);
        }

        public int Count => pairs.Count;

        /// <summary>The keys, as they are now.</summary>
        public List<TKey> Keys
        {
            get
            {
                var keys = new List<TKey>(Count);
                foreach (var pair in pairs)
                {
                    keys.Add(pair.Key);
                }
                return keys;
            }
        }

        /// <summary>Throws KeyNotFoundException where it reads a key that is not there.</summary>
        public TValue this[TKey key]
        {
            get => nodes[key].Value.Value;
            set
            {
                var pair = new KeyValuePair<TKey, TValue>(key, value);
                if (nodes.TryGetValue(key, out var node))
                {
                    node.Value = pair;
                }
                else
                {
                    nodes.Add(key, pairs.AddLast(pair));
                }
            }
        }

        public bool Has(TKey key) => nodes.ContainsKey(key);

        public bool TryGet(TKey key, [MaybeNullWhen(false)] out TValue value)
        {
            var isThere = nodes.TryGetValue(key, out var node);
            value = isThere ? node!.Value.Value : default!;
            return isThere;
        }

        public bool Remove(TKey key)
        {
            if (!nodes.TryGetValue(key, out var node))
            {
                return false;
            }
            pairs.Remove(node);
            nodes.Remove(key);
            return true;
        }

        public void RemoveFirst() => Remove(pairs.First!.Value.Key);

        public void Clear()
        {
            pairs.Clear();
            nodes.Clear();
        }

        /// <summary>Sets all keys of another map.</summary>
        public void SetAll(OrderedMap<TKey, TValue> other)
        {
            foreach (var pair in other)
            {
                this[pair.Key] = pair.Value;
            }
        }

        public IEnumerator<KeyValuePair<TKey, TValue>> GetEnumerator() => pairs.GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
