// The takes that a client keeps, and where following one of them leads: PROTOCOL.md section 7, "Following".
#nullable enable
using System;

namespace Segue.Playback
{
    /// <summary>Ordered by number, the smallest first. Takes are used again: none is made after the start.</summary>
    internal sealed class TakeList
    {
        private const long Far = long.MaxValue;

        // One more than is kept: a new take is added before the smallest is forgotten. The first `count` are in use.
        private readonly TakeBuffer[] takes = new TakeBuffer[Lengths.MostTakes + 1];
        private int count;

        public TakeList()
        {
            for (var i = 0; i < takes.Length; i++)
            {
                takes[i] = new TakeBuffer();
            }
        }

        /// <summary>The take of a number; a new one if there is none.</summary>
        public TakeBuffer Of(long take)
        {
            var index = count;
            while (index > 0 && takes[index - 1].Take >= take)
            {
                index--;
            }
            if (index < count && takes[index].Take == take)
            {
                return takes[index];
            }
            var added = takes[count];
            Array.Copy(takes, index, takes, index + 1, count - index);
            takes[index] = added;
            count++;
            added.Reset(take);
            return added;
        }

        /// <summary>Forgets the smallest takes beyond the bound, but neither of these two.</summary>
        public void Bound(TakeBuffer? followed, TakeBuffer? joined)
        {
            for (var i = 0; count > Lengths.MostTakes && i < count;)
            {
                if (takes[i] == followed || takes[i] == joined)
                {
                    i++;
                }
                else
                {
                    Remove(i);
                }
            }
        }

        /// <summary>Frees samples before a position, and takes without any, but neither of these two.</summary>
        public void Forget(long position, TakeBuffer? followed, TakeBuffer? joined)
        {
            for (var i = count - 1; i >= 0; i--)
            {
                takes[i].Forget(position);
                if (takes[i].IsEmpty && takes[i] != followed && takes[i] != joined)
                {
                    Remove(i);
                }
            }
        }

        /// <summary>The greatest take that reaches from one position to another; null if there is none.</summary>
        public TakeBuffer? Reaching(long position, long until)
        {
            for (var i = count - 1; i >= 0; i--)
            {
                if (Reach(takes[i], position) >= until)
                {
                    return takes[i];
                }
            }
            return null;
        }

        /// <summary>The greatest take after this one that can be joined at a position; null if there is none.</summary>
        public TakeBuffer? Newer(TakeBuffer take, long position)
        {
            if (takes[count - 1] == take || take.End(position) < position + Lengths.Join)
            {
                return null;
            }
            for (var i = count - 1; i >= 0 && takes[i].Take > take.Take; i--)
            {
                if (Lasts(takes[i], position))
                {
                    return takes[i];
                }
            }
            return null;
        }

        /// <summary>Where beyond a position a take after this one continues, so that it may last from there.</summary>
        public long NewerStart(TakeBuffer take, long position)
        {
            var start = Far;
            for (var i = count - 1; i >= 0 && takes[i].Take > take.Take; i--)
            {
                start = Math.Min(start, takes[i].StartAfter(position, Far));
            }
            return start;
        }

        /// <summary>The greatest other take that lasts from a position; null if there is none.</summary>
        public TakeBuffer? Fallback(TakeBuffer take, long position)
        {
            for (var i = count - 1; i >= 0; i--)
            {
                if (takes[i] != take && Lasts(takes[i], position))
                {
                    return takes[i];
                }
            }
            return null;
        }

        /// <summary>
        /// The first take that can be entered from this one beyond a position, of several there the greatest; null if
        /// there is none.
        /// </summary>
        public TakeBuffer? Entry(TakeBuffer take, long after)
        {
            if (takes[count - 1] == take)
            {
                return null;
            }
            var last = take.End(after);
            TakeBuffer? found = null;
            for (var i = 0; i < count; i++)
            {
                var each = takes[i];
                var isAhead = each.Take > take.Take && each.Opening > after && each.Opening <= last;
                if (isAhead && (found == null || found.Opening >= each.Opening) && !IsHidden(take, each))
                {
                    found = each;
                }
            }
            return found;
        }

        /// <summary>The take to follow from a position on: the one entered there, or this one.</summary>
        public TakeBuffer Entered(TakeBuffer take, long position)
        {
            var entry = Entry(take, position - 1);
            return entry != null && entry.Opening == position ? entry : take;
        }

        /// <summary>Where following a take ends if others are entered at a position and beyond.</summary>
        public long Reach(TakeBuffer take, long position) => Last(Entered(take, position), position);

        /// <summary>Where following a take ends if others are entered beyond a position.</summary>
        public long Last(TakeBuffer take, long position)
        {
            if (!take.Has(position))
            {
                return position;
            }
            for (var entry = Entry(take, position); entry != null; entry = Entry(take, position))
            {
                position = entry.Opening;
                take = entry;
            }
            return take.End(position);
        }

        /// <summary>Where following a take from a position ends if others are entered and joined.</summary>
        public long PlayedUntil(TakeBuffer take, long position)
        {
            while (true)
            {
                take = Entered(take, position);
                var end = take.End(position);
                if (end == position)
                {
                    return position;
                }
                var newer = Newer(take, position);
                if (newer != null)
                {
                    take = newer;
                    position += Lengths.Join;
                    continue;
                }
                var until = NewerStart(take, position);
                var entry = Entry(take, position);
                if (entry != null)
                {
                    until = Math.Min(until, entry.Opening);
                }
                if (until > end)
                {
                    return end;
                }
                position = until;
            }
        }

        /// <summary>The greatest of these positions over all takes; the position itself without a take.</summary>
        public long MostPlayedUntil(long position)
        {
            var most = position;
            for (var i = 0; i < count; i++)
            {
                most = Math.Max(most, PlayedUntil(takes[i], position));
            }
            return most;
        }

        /// <summary>Whether a take is long enough from a position on to fade in and, if necessary, out.</summary>
        private static bool Lasts(TakeBuffer take, long position) =>
            take.End(position) >= position + Lengths.Join + Lengths.Fade;

        /// <summary>Whether a take between the two has the sample before the later one's opening.</summary>
        private bool IsHidden(TakeBuffer earlier, TakeBuffer later)
        {
            for (var i = 0; i < count; i++)
            {
                var isBetween = earlier.Take < takes[i].Take && takes[i].Take < later.Take;
                if (isBetween && takes[i].Has(later.Opening - 1))
                {
                    return true;
                }
            }
            return false;
        }

        private void Remove(int index)
        {
            var over = takes[index];
            over.Reset(0);
            count--;
            Array.Copy(takes, index + 1, takes, index, count - index);
            takes[count] = over;
        }
    }
}
