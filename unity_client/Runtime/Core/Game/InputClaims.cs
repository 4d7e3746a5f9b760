// What several parts of a game want an input to be.
#nullable enable
using System;
using System.Collections.Generic;
using Segue.Protocol;
using Segue.Session;

namespace Segue.Game
{
    /// <summary>
    /// The game's own value, and above it the claims of zones and others by priority; of equal ones the latest.
    /// </summary>
    internal sealed class InputClaims
    {
        private readonly OrderedMap<string, Value> own = new OrderedMap<string, Value>();

        // By input: the claims, the strongest last.
        private readonly Dictionary<string, List<Claim>> claims = new Dictionary<string, List<Claim>>();

        /// <summary>The inputs that are claimed.</summary>
        public List<string> Claimed()
        {
            var names = new List<string>();
            foreach (var pair in claims)
            {
                if (pair.Value.Count > 0)
                {
                    names.Add(pair.Key);
                }
            }
            return names;
        }

        /// <summary>The inputs that are claimed or have a value of the game.</summary>
        public List<string> Known()
        {
            var names = Claimed();
            foreach (var pair in own)
            {
                if (!names.Contains(pair.Key))
                {
                    names.Add(pair.Key);
                }
            }
            return names;
        }

        public bool IsClaimed(string input) => claims.TryGetValue(input, out var all) && all.Count > 0;

        /// <summary>Notes the game's own value.</summary>
        public void SetOwn(string input, Value value) => own[input] = value;

        /// <summary>Forgets the game's own values.</summary>
        public void ForgetOwn() => own.Clear();

        /// <summary>Notes that a claimant wants a value, in place of what it wanted before.</summary>
        public void Add(object claimant, string input, Value value, int priority)
        {
            Release(claimant, input);
            if (!claims.TryGetValue(input, out var all))
            {
                claims[input] = all = new List<Claim>();
            }
            var at = all.Count;
            while (at > 0 && all[at - 1].Priority > priority)
            {
                at--;
            }
            all.Insert(at, new Claim(claimant, value, priority));
        }

        /// <summary>Forgets what a claimant wants.</summary>
        public void Release(object claimant, string input)
        {
            if (claims.TryGetValue(input, out var all))
            {
                all.RemoveAll(each => ReferenceEquals(each.Claimant, claimant));
            }
        }

        /// <summary>
        /// Forgets what claimants want that are gone; the inputs that lose a claim by it. In nearly every game frame there
        /// are none, and then nothing is allocated.
        /// </summary>
        public IReadOnlyList<string> ReleaseGone(Predicate<object> isGone)
        {
            List<string>? lost = null;
            foreach (var pair in claims)
            {
                for (var i = pair.Value.Count - 1; i >= 0; i--)
                {
                    if (isGone(pair.Value[i].Claimant))
                    {
                        pair.Value.RemoveAt(i);
                        lost ??= new List<string>();
                        lost.Add(pair.Key);
                    }
                }
            }
            return lost ?? (IReadOnlyList<string>)Array.Empty<string>();
        }

        /// <summary>The value that counts: of the strongest claim, or the game's own. False: there is none.</summary>
        public bool TryGet(string input, out Value value)
        {
            if (!IsClaimed(input))
            {
                return own.TryGet(input, out value);
            }
            var all = claims[input];
            value = all[all.Count - 1].Value;
            return true;
        }

        private readonly struct Claim
        {
            public readonly object Claimant;
            public readonly Value Value;
            public readonly int Priority;

            public Claim(object claimant, Value value, int priority)
            {
                Claimant = claimant;
                Value = value;
                Priority = priority;
            }
        }
    }
}
