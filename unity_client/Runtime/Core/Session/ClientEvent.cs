// Something that a client tells its game.
#nullable enable
using Segue.Protocol;

namespace Segue.Session
{
    /// <summary>
    /// Kind says what; Fields are those of the message of that name, or what stands at the kind. Of the service:
    /// receipt, change, rules, saved, status, error, chunk, stinger.
    /// </summary>
    public sealed class ClientEvent
    {
        /// <summary>
        /// The session is up. `welcome`: its record. `resumed`: whether it is the session from before.
        /// </summary>
        public const string Live = "live";

        /// <summary>The connection is gone; music plays on from the buffer. `reason`, `retry_ms`.</summary>
        public const string Lost = "lost";

        /// <summary>
        /// The client cannot connect and keeps trying; once for each code. `code` as in PROTOCOL.md section 11.4,
        /// `text`, `retry_ms`.
        /// </summary>
        public const string ConnectionFailed = "connection_failed";

        /// <summary>
        /// The session has ended and is not resumed. `reason`, `text`, `code` of the error before it.
        /// </summary>
        public const string Closed = "closed";

        /// <summary>A beat is heard. `at`, `bar`, `beat`, `exact`, `tempo_bpm`, `meter`, `groups`.</summary>
        public const string BeatHeard = "beat_heard";

        /// <summary>The music stopped because no more had arrived. `count`: since the session's start.</summary>
        public const string Underrun = "underrun";

        /// <summary>A message of the service was not understood. `code`, `text`.</summary>
        public const string MessageRefused = "message_refused";

        /// <summary>
        /// An input set or fired before the rules were known, or before they changed, does not fit them. `name`
        /// (empty: it is a reset), `code`, `text`.
        /// </summary>
        public const string InputRefused = "input_refused";

        /// <summary>The service's rate limit refused an event, which is sent again. `seq`, `code`, `text`.</summary>
        public const string EventDelayed = "event_delayed";

        /// <summary>A change is heard now. `change`: the record of its message.</summary>
        public const string ChangeHeard = "change_heard";

        /// <summary>A stinger begins to be heard. `id`, `name`, `at`.</summary>
        public const string StingerHeard = "stinger_heard";

        /// <summary>
        /// A chunk of music has arrived. `start`, `count`, `take`, `generator`, `reason`, `states`, `mix`.
        /// </summary>
        public const string MusicArrived = "music_arrived";

        /// <summary>A stinger's message has arrived. `id`, `name`, `kind`, `start`, `reason`.</summary>
        public const string StingerArrived = "stinger_arrived";

        public const string Receipt = "receipt";
        public const string Chunk = "chunk";
        public const string Stinger = "stinger";

        internal ClientEvent(string kind, Map fields, Message? message = null)
        {
            Kind = kind;
            Fields = fields;
            Message = message;
        }

        /// <summary>What it is: one of the words above.</summary>
        public string Kind { get; }

        /// <summary>What belongs to it.</summary>
        public Map Fields { get; }

        /// <summary>The message of a chunk or a stinger, with its samples; null: none.</summary>
        public Message? Message { get; }

        public Value this[string field] => Fields[field];

        internal static ClientEvent Of(Message message) =>
            new ClientEvent(message.Type, message.Record.ToMap(), message);
    }
}
