// A game's events until no service can lose them: one event per game frame, numbered, kept and sent again.
#nullable enable
using System;
using System.Collections.Generic;
using Segue.Protocol;

namespace Segue.Session
{
    using Refused = List<KeyValuePair<string, InputError>>;
    using Values = OrderedMap<string, Value>;

    /// <summary>
    /// PROTOCOL.md section 4: coalescing, waiting events, receipts, what is sent again after a restart.
    /// </summary>
    internal sealed class EventOutbox
    {
        private readonly KeptEvents kept = new KeptEvents();
        private readonly LastValues values = new LastValues();

        // The game's numbers for events that were sent again under another.
        private readonly OrderedMap<long, long> gameNumbers = new OrderedMap<long, long>();

        // Events without a receipt by number, in order.
        private OrderedMap<long, WaitingEvent> waiting = new OrderedMap<long, WaitingEvent>();
        private InputTable table = new InputTable(Array.Empty<Value>());
        private bool isDeclared;

        // The game frame in progress. With a reset, only what came after it is in the frame.
        private bool hasReset;
        private Values set = new Values();
        private List<string> fire = new List<string>();

        // The last event with a reset that no restore of a save came after; 0: none.
        private long lastReset;
        private long lastSent;

        /// <summary>Number of the last event; 0 if there was none.</summary>
        public long Last { get; private set; }

        /// <summary>Events of which the game has no receipt.</summary>
        public int Unanswered { get; private set; }

        /// <summary>
        /// Events with a receipt that would have to be sent again were the service killed now, or might.
        /// </summary>
        public int Unconfirmed => kept.Count + waiting.Count - Unanswered;

        /// <summary>Numbers of the events without a receipt, in order.</summary>
        public List<long> Numbers => waiting.Keys;

        /// <summary>Sets an input; the last value of a frame counts. Why it was not taken, or null.</summary>
        public InputError? SetInput(string name, Value given)
        {
            var converted = given;
            var error = isDeclared
                ? table.Convert(name, given, out converted)
                : InputTable.CheckName(name) ?? InputTable.CheckPlain(name, given);
            if (error != null)
            {
                return error;
            }
            if (!set.Has(name) && set.Count >= SessionLimits.MostSettings)
            {
                return Full("expected at most " + SessionLimits.MostSettings + " inputs in one game frame");
            }
            // Inputs join the last waiting event; only behind a trigger do they need a place of their own.
            if (Unanswered > SessionLimits.MostUnreceipted && !CanGrow(Last))
            {
                return Full();
            }
            set[name] = converted;
            return null;
        }

        /// <summary>Fires a trigger; each call counts. Why it was not taken, or null.</summary>
        public InputError? Fire(string name)
        {
            var error = isDeclared ? table.CheckTrigger(name) : InputTable.CheckName(name);
            if (error != null)
            {
                return error;
            }
            if (fire.Count >= SessionLimits.MostSettings)
            {
                return Full("expected at most " + SessionLimits.MostSettings + " triggers in one game frame");
            }
            if (Unanswered >= SessionLimits.MostUnreceipted)
            {
                return Full();
            }
            fire.Add(name);
            return null;
        }

        /// <summary>
        /// Returns inputs and states to the start; what was set and fired before it in this frame is dropped. Why it
        /// was not taken, or null.
        /// </summary>
        public InputError? Reset()
        {
            if (Unanswered >= SessionLimits.MostUnreceipted)
            {
                return Full();
            }
            BeginFrame(true);
            return null;
        }

        /// <summary>
        /// Ends the frame. at: the sample heard now. tail: number of the last event in the send queue, or 0. If that
        /// fires nothing, the frame's event takes its place and includes its values, so that inputs never wait in a
        /// row. A reset has an event of its own. The event's number, 0 if nothing changed; `replaced`: the event
        /// whose place it takes.
        /// </summary>
        public long Flush(long at, long tail, out long replaced)
        {
            replaced = 0;
            if (hasReset)
            {
                values.Clear();
            }
            var changed = new Values();
            foreach (var pair in set)
            {
                if (!values.IsKnown(pair.Key, pair.Value))
                {
                    changed[pair.Key] = pair.Value;
                }
            }
            var frame = new EventItem(0, at, hasReset, changed, fire);
            BeginFrame(false);
            if (frame.IsEmpty)
            {
                return 0;
            }
            if (!frame.HasReset && CanGrow(tail))
            {
                var merged = waiting[tail].Item.SetThen(changed);
                if (merged.Count <= SessionLimits.MostSettings)
                {
                    replaced = tail;
                    return Grow(waiting[tail], merged, frame.Fire, at);
                }
            }
            var seq = Number(at, changed, frame.Fire, frame.HasReset, false).Seq;
            values.Note(changed, seq);
            return seq;
        }

        /// <summary>
        /// Notes that the game restores a save, which has inputs and states of its own: resets before it are over.
        /// </summary>
        public void Restored()
        {
            hasReset = false;
            lastReset = 0;
            values.DoubtAll();
            kept.Bar(Last);
        }

        /// <summary>
        /// Checks against these inputs from now on. What was waiting, never sent and does not fit is removed; the
        /// events for the game say so.
        /// </summary>
        public List<ClientEvent> Declare(IReadOnlyList<Value> inputs)
        {
            table = new InputTable(inputs);
            isDeclared = true;
            var refused = new Refused();
            var receipts = new List<ClientEvent>();
            table.Check(ref set, ref fire, refused);
            foreach (var seq in waiting.Keys)
            {
                if (seq <= lastSent)
                {
                    continue;
                }
                var entry = waiting[seq];
                var ofEntry = new Refused();
                entry.Item = Fitting(entry.Item, ofEntry);
                refused.AddRange(ofEntry);
                if (entry.Item.IsEmpty)
                {
                    TakeOut(seq);
                    receipts.AddRange(entry.IsAnswered ? new List<ClientEvent>() : OutboxNews.Refusals(entry, ofEntry));
                }
            }
            values.DoubtAll();
            var events = OutboxNews.RefusedOnce(refused);
            events.AddRange(receipts);
            return events;
        }

        /// <summary>
        /// Takes an event's receipt; the events for the game. It has no effect if the game has one already or there
        /// is no such event. again: number under which the event is sent again, or 0.
        /// </summary>
        public List<ClientEvent> Receipted(Record receipt, out long again)
        {
            again = 0;
            var seq = receipt["seq"].AsInteger;
            var entry = TakeOut(seq);
            if (entry == null)
            {
                return new List<ClientEvent>();
            }
            if (receipt["accepted"].AsBoolean)
            {
                kept.Add(entry.Item);
                NoteGameNumber(seq, entry.Last);
            }
            else if (receipt["code"].AsText == "rate_limited")
            {
                return OfferAgain(entry, receipt, out again);
            }
            else
            {
                foreach (var pair in entry.Item.Set)
                {
                    if (values.IsFrom(pair.Key, seq))
                    {
                        values.Doubt(pair.Key);
                    }
                }
            }
            return entry.IsAnswered ? new List<ClientEvent>() : OutboxNews.Receipts(entry, receipt.ToMap());
        }

        /// <summary>The game's number for an event that was sent again under another.</summary>
        public long GameNumber(long seq) => gameNumbers.TryGet(seq, out var number) ? number : seq;

        /// <summary>
        /// Forgets the events that no service can lose. lastEvents: the last that each cell contains.
        /// </summary>
        public void Contained(List<long> lastEvents) => kept.Contained(lastEvents);

        /// <summary>The event to send now; null if it does not wait any more.</summary>
        public EventItem? Take(long seq)
        {
            if (!waiting.TryGet(seq, out var entry))
            {
                return null;
            }
            lastSent = Math.Max(lastSent, seq);
            return entry.Item;
        }

        /// <summary>
        /// Lets events wait for a receipt again that a restored session lacks. lastEvent: the last that it contains.
        /// What does not fit its rules is left out: the service would refuse the whole event.
        /// </summary>
        public void Restarted(long lastEvent)
        {
            var ordered = new SortedDictionary<long, WaitingEvent>();
            foreach (var pair in waiting)
            {
                ordered.Add(pair.Key, pair.Value);
            }
            foreach (var item in kept.TakeAfter(lastEvent))
            {
                var fit = Fitting(item, new Refused());
                if (!fit.IsEmpty)
                {
                    ordered[fit.Seq] = new WaitingEvent(fit, fit.Seq, fit.Seq, true);
                }
            }
            waiting = new OrderedMap<long, WaitingEvent>();
            foreach (var pair in ordered)
            {
                waiting[pair.Key] = pair.Value;
            }
        }

        /// <summary>Adds an event that sets each declared input to the last value that the game gave it.</summary>
        public void SendAllValues(long at)
        {
            var all = isDeclared ? table.Fitting(values.All) : values.All;
            if (all.Count > 0)
            {
                Number(at, all, new List<string>(), false, true);
            }
        }

        private void BeginFrame(bool withReset)
        {
            hasReset = withReset;
            set = new Values();
            fire = new List<string>();
        }

        private EventItem Fitting(EventItem item, Refused refused)
        {
            var fitting = item.Set;
            var fired = item.Fire;
            table.Check(ref fitting, ref fired, refused);
            return item.With(fitting, fired);
        }

        private WaitingEvent Number(long at, Values set, List<string> fired, bool withReset, bool isAnswered)
        {
            Last++;
            lastReset = withReset ? Last : lastReset;
            waiting[Last] = new WaitingEvent(new EventItem(Last, at, withReset, set, fired), Last, Last, isAnswered);
            Unanswered += isAnswered ? 0 : 1;
            return waiting[Last];
        }

        /// <summary>
        /// Whether later inputs may join the event: it was never sent, and they do not overtake a trigger of it.
        /// </summary>
        private bool CanGrow(long seq) =>
            waiting.TryGet(seq, out var entry)
            && entry.Item.Fire.Count == 0
            && !entry.IsAnswered
            && seq == Last
            && seq == entry.Last
            && seq > lastSent;

        /// <summary>
        /// Adds a later frame's values and triggers to the event, under the later number, which it returns.
        /// </summary>
        private long Grow(WaitingEvent entry, Values merged, List<string> fired, long at)
        {
            waiting.Remove(entry.Seq);
            Last += entry.Last - entry.First + 1 < SessionLimits.MostMerged ? 1 : 0;
            lastReset = entry.Item.HasReset ? Last : lastReset;
            entry.Item = new EventItem(Last, Math.Max(at, entry.Item.At), entry.Item.HasReset, merged, fired);
            entry.Last = Last;
            waiting[Last] = entry;
            values.Note(merged, Last);
            return Last;
        }

        private WaitingEvent? TakeOut(long seq)
        {
            if (!waiting.TryGet(seq, out var entry))
            {
                return null;
            }
            waiting.Remove(seq);
            Unanswered -= entry.IsAnswered ? 0 : 1;
            return entry;
        }

        /// <summary>
        /// Sends an event again that the rate limit refused, under a new number, without values set since. A reset is
        /// sent with all values set since, which it would take back. Behind a later reset, or after a restore, it is
        /// not sent again.
        /// </summary>
        private List<ClientEvent> OfferAgain(WaitingEvent entry, Record receipt, out long again)
        {
            again = 0;
            var seq = receipt["seq"].AsInteger;
            var item = entry.Item;
            var withReset = item.HasReset && seq == lastReset;
            var left = withReset ? values.All : new Values();
            foreach (var pair in item.Set)
            {
                if (!withReset && values.IsFrom(pair.Key, seq))
                {
                    left[pair.Key] = pair.Value;
                }
            }
            if (left.Count == 0 && item.Fire.Count == 0 && !withReset)
            {
                return entry.IsAnswered ? new List<ClientEvent>() : OutboxNews.Superseded(entry, receipt);
            }
            var offered = Number(item.At, left, item.Fire, withReset, entry.IsAnswered);
            offered.First = entry.First;
            offered.Last = entry.Last;
            values.Note(left, offered.Seq);
            again = offered.Seq;
            return entry.IsAnswered ? new List<ClientEvent>() : OutboxNews.Delayed(entry, receipt);
        }

        private void NoteGameNumber(long seq, long number)
        {
            if (number == seq)
            {
                return;
            }
            gameNumbers[seq] = number;
            if (gameNumbers.Count > SessionLimits.MostUnconfirmed)
            {
                gameNumbers.RemoveFirst();
            }
        }

        private static InputError Full(string? text = null) => new InputError(
            "queue_full",
            text ?? SessionLimits.MostUnreceipted
                + " events wait for the service's receipt; slow down, or wait until it is back");
    }
}
