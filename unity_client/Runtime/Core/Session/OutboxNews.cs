// What the game is told of its events: receipts, delays, and inputs that were refused after the call.
#nullable enable
using System.Collections.Generic;
using Segue.Protocol;

namespace Segue.Session
{
    using Refused = List<KeyValuePair<string, InputError>>;

    internal static class OutboxNews
    {
        // So that any text fits a receipt.
        private const int Excerpt = SessionLimits.TextBytes / 4;

        /// <summary>The receipts of an event whose inputs later ones have set.</summary>
        public static List<ClientEvent> Superseded(WaitingEvent entry, Record receipt) => Receipts(entry, receipt.ToMap()
            .With("accepted", Value.Of(true))
            .With("code", Value.Of("superseded"))
            .With("text", Value.Of("a later event sets the same inputs")));

        /// <summary>That the rate limit refused an event, which is sent again.</summary>
        public static List<ClientEvent> Delayed(WaitingEvent entry, Record receipt) => new List<ClientEvent>
        {
            new ClientEvent(ClientEvent.EventDelayed, new Map
            {
                { "seq", Value.Of(entry.Last) },
                { "code", receipt["code"] },
                { "text", receipt["text"] },
            }),
        };

        /// <summary>A receipt for each game frame in the event.</summary>
        public static List<ClientEvent> Receipts(WaitingEvent entry, Map receipt)
        {
            var receipts = new List<ClientEvent>();
            for (var number = entry.First; number <= entry.Last; number++)
            {
                receipts.Add(new ClientEvent(ClientEvent.Receipt, receipt.With("seq", Value.Of(number))));
            }
            return receipts;
        }

        /// <summary>The receipts of an event of which nothing fits the rules.</summary>
        public static List<ClientEvent> Refusals(WaitingEvent entry, Refused refused)
        {
            var text = refused.Count == 0 ? "" : refused[0].Value.Text;
            return Receipts(entry, new Map
            {
                { "seq", Value.Of(entry.Seq) },
                { "accepted", Value.Of(false) },
                { "code", Value.Of(refused.Count == 0 ? "empty" : refused[0].Value.Code) },
                { "frame", Value.Of(0L) },
                { "text", Value.Of(text.Length <= Excerpt ? text : text.Substring(0, Excerpt)) },
            });
        }

        /// <summary>An event for the game for each mistake, however often it was made.</summary>
        public static List<ClientEvent> RefusedOnce(Refused refused)
        {
            var events = new List<ClientEvent>();
            var told = new HashSet<string>();
            foreach (var pair in refused)
            {
                if (told.Add(pair.Key + "\0" + pair.Value.Code + "\0" + pair.Value.Text))
                {
                    events.Add(InputRefused(pair.Key, pair.Value));
                }
            }
            return events;
        }

        /// <summary>What the game is told of an input that was refused after the call.</summary>
        public static ClientEvent InputRefused(string name, InputError error) =>
            new ClientEvent(ClientEvent.InputRefused, new Map
            {
                { "name", Value.Of(name) },
                { "code", Value.Of(error.Code) },
                { "text", Value.Of(error.Text) },
            });
    }
}
