// A lock-free ring between one thread that puts and one that takes.
#nullable enable
using System;
using System.Threading;

namespace Segue.Playback
{
    /// <summary>
    /// Neither side waits, locks or allocates. A slot is emptied when it is taken, so that nothing is kept alive.
    /// </summary>
    public sealed class SpscQueue<T>
        where T : class
    {
        private readonly T?[] slots;
        private readonly int mask;

        // Both only grow, and wrap around together with the integers. Each is written by one side.
        private int head;
        private int tail;

        /// <summary>capacity: a power of two. Throws ArgumentException.</summary>
        public SpscQueue(int capacity)
        {
            if (capacity < 1 || (capacity & (capacity - 1)) != 0)
            {
                throw new ArgumentException("capacity: expected a power of two, got " + capacity);
            }
            slots = new T?[capacity];
            mask = capacity - 1;
        }

        /// <summary>From the thread that puts: false, and nothing changed, if the ring is full.</summary>
        public bool TryPut(T item)
        {
            var at = tail;
            if (at - Volatile.Read(ref head) == slots.Length)
            {
                return false;
            }
            slots[at & mask] = item;
            // The item is written before the other side can see that it is there.
            Volatile.Write(ref tail, at + 1);
            return true;
        }

        /// <summary>From the thread that takes: the oldest item; null if there is none.</summary>
        public T? TryTake()
        {
            var at = head;
            if (at == Volatile.Read(ref tail))
            {
                return null;
            }
            var item = slots[at & mask];
            slots[at & mask] = null;
            Volatile.Write(ref head, at + 1);
            return item;
        }
    }
}
