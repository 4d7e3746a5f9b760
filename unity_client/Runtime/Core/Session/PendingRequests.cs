// Saves and restores, each until it is answered and cannot be lost any more: PROTOCOL.md section 9.
#nullable enable
using System;
using System.Collections.Generic;
using Segue.Protocol;

namespace Segue.Session
{
    internal sealed class PendingRequests
    {
        // Requests without an answer by number, in order.
        private readonly SortedDictionary<long, Request> unanswered = new SortedDictionary<long, Request>();

        // The last answered restore that the cell to restore from may lack, and the greatest take at its answer.
        private Request? notInCell;
        private long takeAtAnswer;
        private long last;

        /// <summary>The requests without an answer, in order.</summary>
        public List<QueueEntry> Waiting
        {
            get
            {
                var entries = new List<QueueEntry>();
                foreach (var pair in unanswered)
                {
                    entries.Add(QueueEntry.OfRequest(pair.Key, pair.Value.After));
                }
                return entries;
            }
        }

        /// <summary>The `id` of a new request.</summary>
        public long Number() => ++last;

        /// <summary>
        /// Keeps a request until its answer. table: of `save` or `restore`. fields: with `id`. after: the last event
        /// before it.
        /// </summary>
        public QueueEntry Ask(RecordTable table, Map fields, long after)
        {
            var id = fields["id"].AsInteger;
            unanswered[id] = new Request(id, table, fields, after);
            return QueueEntry.OfRequest(id, after);
        }

        /// <summary>
        /// Notes the answer to a request; whether it was expected. take: the greatest so far. Music that was restored
        /// is heard in a greater one.
        /// </summary>
        public bool Answered(long id, long take)
        {
            if (!unanswered.TryGetValue(id, out var request))
            {
                return false;
            }
            unanswered.Remove(id);
            if (request.IsRestore)
            {
                notInCell = request;
                takeAtAnswer = take;
            }
            return true;
        }

        /// <summary>Notes that a request was refused.</summary>
        public void Refused(long id) => unanswered.Remove(id);

        /// <summary>
        /// Notes the take of the cell to restore from: a greater one than at the answer contains the restored music.
        /// </summary>
        public void Contained(long take)
        {
            if (notInCell != null && take > takeAtAnswer)
            {
                notInCell = null;
            }
        }

        /// <summary>
        /// Repeats the last restore, if the cell that a restarted service continues from does not contain it.
        /// </summary>
        public void Restarted()
        {
            if (notInCell != null)
            {
                unanswered[notInCell.Id] = notInCell;
                notInCell = null;
            }
        }

        /// <summary>
        /// The message of a request; null if answered. A restore begins at a sample or later, after a take.
        /// </summary>
        public Message? MessageOf(long id, long at, long take)
        {
            if (!unanswered.TryGetValue(id, out var request))
            {
                return null;
            }
            var fields = request.Fields;
            if (request.IsRestore)
            {
                fields = fields
                    .With("at", Value.Of(Math.Max(at, fields["at"].AsInteger)))
                    .With("take", Value.Of(take));
            }
            return Message.Of(request.Table, fields);
        }

        private sealed class Request
        {
            public readonly long Id;
            public readonly RecordTable Table;
            public readonly Map Fields;
            public readonly long After;

            public Request(long id, RecordTable table, Map fields, long after)
            {
                Id = id;
                Table = table;
                Fields = fields;
                After = after;
            }

            public bool IsRestore => Table == MessageTables.Restore;
        }
    }
}
