// What waits to be sent, in the game's order and never faster than the service takes events: PROTOCOL.md section 4.7.
#nullable enable
using System;
using System.Collections.Generic;
using Segue.Protocol;

namespace Segue.Session
{
    /// <summary>What waits to be sent: an event, or a request in its place among the events.</summary>
    internal readonly struct QueueEntry
    {
        private QueueEntry(long seq, long request, long after)
        {
            Seq = seq;
            Request = request;
            After = after;
        }

        /// <summary>The event's number; 0: it is none.</summary>
        public long Seq { get; }

        /// <summary>The number of a save or restore; 0: it is none.</summary>
        public long Request { get; }

        /// <summary>The last event before a request.</summary>
        public long After { get; }

        public static QueueEntry OfEvent(long seq) => new QueueEntry(seq, 0, 0);

        public static QueueEntry OfRequest(long id, long after) => new QueueEntry(0, id, after);

        /// <summary>
        /// Events, and the requests that belong between them, in the game's order. Requests after the same event keep
        /// theirs.
        /// </summary>
        public static List<QueueEntry> InOrder(List<long> numbers, List<QueueEntry> requests)
        {
            var behind = new List<QueueEntry>(requests);
            var entries = new List<QueueEntry>();
            foreach (var number in numbers)
            {
                TakeUpTo(number, behind, entries);
                entries.Add(OfEvent(number));
            }
            TakeUpTo(long.MaxValue, behind, entries);
            return entries;
        }

        /// <summary>Moves those that belong before an event, by the event that they follow.</summary>
        private static void TakeUpTo(long number, List<QueueEntry> behind, List<QueueEntry> entries)
        {
            var first = entries.Count;
            foreach (var each in behind)
            {
                if (each.After < number)
                {
                    var at = entries.Count;
                    while (at > first && entries[at - 1].After > each.After)
                    {
                        at--;
                    }
                    entries.Insert(at, each);
                }
            }
            behind.RemoveAll(each => each.After < number);
        }
    }

    /// <summary>A token bucket for events; requests pass when their turn comes.</summary>
    internal sealed class SendQueue
    {
        // Shares of the service's limit: what the bucket holds, refills in a second, and what may be under way. In any
        // stretch of time at most the service's limit arrives, so no event is refused.
        private const double Burst = 0.5;
        private const double Pace = 0.8;
        private const double UnderWay = 0.5;

        // After a refusal by the rate limit, which only a service gives that does not keep to its own.
        private const double FirstPauseS = 0.1;
        private const double LongestPauseS = 2.0;
        private const double Rounding = 1e-9;

        private readonly Func<long, EventItem?> itemOf;
        private readonly Func<long, Message?> messageOf;

        // When each event under way was sent, by its number.
        private readonly OrderedMap<long, double> underWay = new OrderedMap<long, double>();
        private List<QueueEntry> entries = new List<QueueEntry>();
        private long perSecond;
        private double left;
        private double refilledS;
        private double pauseS;
        private double silentUntilS;

        /// <summary>
        /// itemOf: gives an event by its number, or null. messageOf: gives the message of a save or restore, or null.
        /// </summary>
        public SendQueue(Func<long, EventItem?> itemOf, Func<long, Message?> messageOf)
        {
            this.itemOf = itemOf;
            this.messageOf = messageOf;
        }

        /// <summary>The number of the event at the end; 0 if the queue is empty or ends with something else.</summary>
        public long Tail => entries.Count == 0 ? 0 : entries[entries.Count - 1].Seq;

        private double Size => Math.Max(1.0, perSecond * Burst);

        /// <summary>Begins a session with these entries in place of all that waited.</summary>
        public void Begin(List<QueueEntry> waiting, long eventsPerSecond, double nowS)
        {
            Stop(waiting);
            perSecond = eventsPerSecond;
            left = Size;
            refilledS = nowS;
            pauseS = 0.0;
            silentUntilS = 0.0;
        }

        /// <summary>Ends the session and keeps these entries in place of all that waited.</summary>
        public void Stop(List<QueueEntry> waiting)
        {
            entries = waiting;
            underWay.Clear();
            perSecond = 0;
        }

        /// <summary>Appends an entry. replaced: the event at the end whose place it takes, or 0.</summary>
        public void Put(QueueEntry entry, long replaced = 0)
        {
            if (replaced != 0)
            {
                entries.RemoveAt(entries.Count - 1);
            }
            entries.Add(entry);
        }

        /// <summary>Notes an event's receipt. isTaken: whether the rate limit let it through.</summary>
        public void Receipted(long seq, bool isTaken)
        {
            underWay.Remove(seq);
            pauseS = isTaken ? 0.0 : pauseS;
        }

        /// <summary>Pauses after a refusal by the rate limit, longer each time.</summary>
        public void Refused(double nowS)
        {
            left = Math.Min(left, 0.0);
            if (nowS >= silentUntilS)
            {
                pauseS = pauseS > 0.0 ? Math.Min(LongestPauseS, 2.0 * pauseS) : FirstPauseS;
                silentUntilS = nowS + pauseS;
            }
        }

        /// <summary>The messages to send now.</summary>
        public List<Message> Due(double nowS)
        {
            var going = new List<Message>();
            if (perSecond == 0)
            {
                return going;
            }
            left = Math.Min(Size, left + (Math.Max(0.0, nowS - refilledS) * perSecond * Pace));
            refilledS = nowS;
            if (entries.Count == 0)
            {
                return going;
            }
            // An event whose receipt is lost must not block the rest for ever.
            foreach (var seq in underWay.Keys)
            {
                if (nowS - underWay[seq] >= SessionLimits.SilenceS)
                {
                    underWay.Remove(seq);
                }
            }
            while (entries.Count > 0 && nowS >= silentUntilS)
            {
                if (entries[0].Seq != 0)
                {
                    var batch = Batch(nowS);
                    if (batch.Count == 0)
                    {
                        break;
                    }
                    going.Add(Message.Of(MessageTables.Event, new Map { { "events", Value.Of(batch) } }));
                    continue;
                }
                var message = messageOf(entries[0].Request);
                entries.RemoveAt(0);
                if (message != null)
                {
                    going.Add(message);
                }
            }
            return going;
        }

        /// <summary>The events at the head that may be sent in one message.</summary>
        private List<Value> Batch(double nowS)
        {
            var batch = new List<Value>();
            var names = 0;
            var most = Math.Min(SessionLimits.MostEvents, Math.Max(1, perSecond / 4));
            var mostUnderWay = Math.Max(1, (long)(perSecond * UnderWay));
            while (entries.Count > 0 && entries[0].Seq != 0 && batch.Count < most)
            {
                if (left < 1.0 - Rounding || underWay.Count >= mostUnderWay)
                {
                    break;
                }
                var seq = entries[0].Seq;
                var item = itemOf(seq);
                names += item == null ? 0 : item.Set.Count + item.Fire.Count;
                if (batch.Count > 0 && names > SessionLimits.MostBatchNames)
                {
                    break;
                }
                entries.RemoveAt(0);
                if (item != null)
                {
                    underWay[seq] = nowS;
                    left -= 1.0;
                    batch.Add(item.ToValue());
                }
            }
            return batch;
        }
    }
}
