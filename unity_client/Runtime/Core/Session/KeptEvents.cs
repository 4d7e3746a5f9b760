// Events with a receipt, each kept until the cell to restore from contains it: PROTOCOL.md section 4.4.
#nullable enable
using System.Collections.Generic;

namespace Segue.Session
{
    internal sealed class KeptEvents
    {
        // Restores of saves that are remembered, over which no events are joined.
        private const int MostBarriers = 64;

        private readonly SortedDictionary<long, EventItem> items = new SortedDictionary<long, EventItem>();
        private readonly List<long> barriers = new List<long>();

        // The last event that each cell contains.
        private List<long> lastEvents = new List<long>();

        /// <summary>How many are kept.</summary>
        public int Count => items.Count;

        /// <summary>Keeps an accepted event.</summary>
        public void Add(EventItem item)
        {
            if (items.ContainsKey(item.Seq) || (lastEvents.Count > 0 && item.Seq <= lastEvents[0]))
            {
                return;
            }
            items.Add(item.Seq, item);
            if (items.Count > SessionLimits.MostUnconfirmed)
            {
                MergeOldest();
            }
        }

        /// <summary>Forgets what the first cell contains. contained: the last event that each cell contains.</summary>
        public void Contained(List<long> contained)
        {
            if (contained.Count == 0)
            {
                return;
            }
            lastEvents = contained;
            foreach (var seq in Numbers())
            {
                if (seq > contained[0])
                {
                    break;
                }
                items.Remove(seq);
            }
        }

        /// <summary>Never joins an event up to a number with a later one: a save was restored between them.</summary>
        public void Bar(long last)
        {
            barriers.Add(last);
            if (barriers.Count > MostBarriers)
            {
                barriers.RemoveAt(0);
            }
        }

        /// <summary>
        /// Removes and returns, in order, the events after a number, to be sent again. All of them take effect in one
        /// frame. So those that only set inputs are joined with the next one: setting an input again that a cell has
        /// already changes nothing.
        /// </summary>
        public List<EventItem> TakeAfter(long lastEvent)
        {
            var taken = new List<EventItem>();
            foreach (var seq in Numbers())
            {
                if (seq <= lastEvent)
                {
                    continue;
                }
                var item = items[seq];
                items.Remove(seq);
                var last = taken.Count - 1;
                if (last >= 0 && taken[last].Fire.Count == 0 && IsJoinable(taken[last], item, barriers))
                {
                    item = Joined(taken[last], item);
                    taken.RemoveAt(last);
                }
                taken.Add(item);
            }
            return taken;
        }

        /// <summary>
        /// Merges the two oldest events of which no cell contains only one; a restored session takes both together.
        /// </summary>
        private void MergeOldest()
        {
            var apart = new List<long>(lastEvents);
            apart.AddRange(barriers);
            var numbers = Numbers();
            for (var i = 0; i + 1 < numbers.Count; i++)
            {
                var older = items[numbers[i]];
                var newer = items[numbers[i + 1]];
                if (IsJoinable(older, newer, apart))
                {
                    items.Remove(older.Seq);
                    items[newer.Seq] = Joined(older, newer);
                    return;
                }
            }
            items.Remove(numbers[0]);
        }

        private List<long> Numbers() => new List<long>(items.Keys);

        private static bool IsJoinable(EventItem older, EventItem newer, List<long> apart)
        {
            foreach (var number in apart)
            {
                if (older.Seq <= number && number < newer.Seq)
                {
                    return false;
                }
            }
            return !newer.HasReset && older.SetThen(newer.Set).Count <= SessionLimits.MostSettings;
        }

        /// <summary>
        /// One event with the effect of two in one frame: later values count, and each trigger appears once.
        /// </summary>
        private static EventItem Joined(EventItem older, EventItem newer)
        {
            var fire = new List<string>();
            foreach (var fired in new[] { older.Fire, newer.Fire })
            {
                foreach (var name in fired)
                {
                    if (!fire.Contains(name) && fire.Count < SessionLimits.MostSettings)
                    {
                        fire.Add(name);
                    }
                }
            }
            return new EventItem(newer.Seq, newer.At, older.HasReset, older.SetThen(newer.Set), fire);
        }
    }
}
