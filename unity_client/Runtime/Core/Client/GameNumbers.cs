// The numbers that a game got for its frames, saves and restores before the session numbered them.
#nullable enable
using System.Collections.Generic;
using Segue.Protocol;
using Segue.Session;

namespace Segue.Client
{
    /// <summary>The game never waits for the thread that has the session, and so it numbers by itself.</summary>
    internal sealed class GameNumbers
    {
        // Numbers remembered, for the causes of changes that are heard much later.
        private const int MostKept = 4096;

        // Frames that may share one number of the session.
        private const int MostJoined = 1024;

        // The game's numbers by the session's of a frame; several where frames share one.
        private readonly OrderedMap<long, List<long>> frames = new OrderedMap<long, List<long>>();

        // The game's number by the session's of a save or restore.
        private readonly OrderedMap<long, long> requests = new OrderedMap<long, long>();

        /// <summary>
        /// Notes a frame. seq: the session's number. The number of another frame that gets its receipt now, since so
        /// many joined one event while there was no service; 0: none.
        /// </summary>
        public long Frame(long number, long seq)
        {
            if (!frames.TryGet(seq, out var joined))
            {
                joined = new List<long>();
                frames[seq] = joined;
                if (frames.Count > MostKept)
                {
                    frames.RemoveFirst();
                }
            }
            joined.Add(number);
            if (joined.Count <= MostJoined)
            {
                return 0;
            }
            var first = joined[0];
            joined.RemoveAt(0);
            return first;
        }

        /// <summary>Notes a save or restore. id: the session's number.</summary>
        public void Request(long number, long id)
        {
            requests[id] = number;
            if (requests.Count > MostKept)
            {
                requests.RemoveFirst();
            }
        }

        /// <summary>The event in the game's numbers; several where frames share a receipt.</summary>
        public List<ClientEvent> Translated(ClientEvent happened)
        {
            var fields = happened.Fields;
            switch (happened.Kind)
            {
                case ClientEvent.Receipt:
                case ClientEvent.EventDelayed:
                    return OfFrames(happened);
                case "saved":
                    fields = fields.With("id", Value.Of(RequestOf(fields["id"])));
                    break;
                case "status":
                    fields = fields.With("restore", Value.Of(RequestOf(fields["restore"])));
                    break;
                case "error" when fields["about"].AsText == "save" || fields["about"].AsText == "restore":
                    fields = fields.With("seq", Value.Of(RequestOf(fields["seq"])));
                    break;
                case "change":
                    fields = fields.With("causes", Causes(fields["causes"].AsList));
                    break;
                case ClientEvent.ChangeHeard:
                    var change = fields["change"].AsRecord;
                    change = change.With("causes", Causes(change["causes"].AsList));
                    fields = fields.With("change", Value.Of(change));
                    break;
            }
            return new List<ClientEvent> { new ClientEvent(happened.Kind, fields, happened.Message) };
        }

        private List<ClientEvent> OfFrames(ClientEvent happened)
        {
            var events = new List<ClientEvent>();
            if (frames.TryGet(happened["seq"].AsInteger, out var numbers))
            {
                foreach (var number in numbers)
                {
                    events.Add(new ClientEvent(happened.Kind, happened.Fields.With("seq", Value.Of(number))));
                }
            }
            return events;
        }

        private Value Causes(IReadOnlyList<Value> causes)
        {
            var translated = new List<Value>();
            foreach (var each in causes)
            {
                var cause = each.AsRecord;
                if (frames.TryGet(cause["seq"].AsInteger, out var numbers))
                {
                    cause = cause.With("seq", Value.Of(numbers[numbers.Count - 1]));
                }
                translated.Add(Value.Of(cause));
            }
            return Value.Of(translated);
        }

        private long RequestOf(Value id) => requests.TryGet(id.AsInteger, out var number) ? number : 0;
    }
}
