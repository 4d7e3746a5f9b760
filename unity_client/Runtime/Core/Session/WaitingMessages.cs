// What the game asked for and the service has not answered: events, saves, restores.
#nullable enable
using System.Collections.Generic;
using Segue.Protocol;

namespace Segue.Session
{
    /// <summary>They are sent in the game's order, at the service's pace, and again over a new connection.</summary>
    internal sealed class WaitingMessages
    {
        private readonly SendQueue queue;

        // Where a restore begins at the earliest, and the greatest take that it names.
        private long committed;
        private long take;

        public WaitingMessages()
        {
            queue = new SendQueue(Outbox.Take, id => Requests.MessageOf(id, committed, take));
        }

        /// <summary>The game's events.</summary>
        public EventOutbox Outbox { get; } = new EventOutbox();

        /// <summary>Its saves and restores.</summary>
        public PendingRequests Requests { get; } = new PendingRequests();

        private List<QueueEntry> Unanswered => QueueEntry.InOrder(Outbox.Numbers, Requests.Waiting);

        /// <summary>Ends a game frame. at: the sample heard now. The event's number; 0 if nothing changed.</summary>
        public long EndFrame(long at)
        {
            var seq = Outbox.Flush(at, queue.Tail, out var replaced);
            if (seq != 0)
            {
                queue.Put(QueueEntry.OfEvent(seq), replaced);
            }
            return seq;
        }

        /// <summary>
        /// Keeps a save or a restore until its answer. table: of `save` or `restore`. fields: without `id`, which it
        /// returns.
        /// </summary>
        public long Ask(RecordTable table, Map fields)
        {
            if (table == MessageTables.Restore)
            {
                Outbox.Restored();
            }
            var id = Requests.Number();
            queue.Put(Requests.Ask(table, fields.With("id", Value.Of(id)), Outbox.Last));
            return id;
        }

        /// <summary>Takes an event's receipt; the events for the game.</summary>
        public List<ClientEvent> Receipted(Record receipt, double nowS)
        {
            var events = Outbox.Receipted(receipt, out var again);
            queue.Receipted(receipt["seq"].AsInteger, receipt["code"].AsText != "rate_limited");
            if (again != 0)
            {
                queue.Refused(nowS);
                queue.Put(QueueEntry.OfEvent(again));
            }
            return events;
        }

        /// <summary>Sends what waits, over a new connection.</summary>
        public void Begin(long eventsPerSecond, double nowS) => queue.Begin(Unanswered, eventsPerSecond, nowS);

        /// <summary>Without a session, keeps all that has no answer.</summary>
        public void HoldBack() => queue.Stop(Unanswered);

        /// <summary>The messages to send now. committed: the sample clock. take: the greatest received.</summary>
        public List<Message> Due(double nowS, long committed, long take)
        {
            this.committed = committed;
            this.take = take;
            return queue.Due(nowS);
        }
    }
}
