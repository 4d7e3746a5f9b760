// A checked message: its record, and the samples of those that carry any.
#nullable enable
namespace Segue.Protocol
{
    public sealed class Message
    {
        private Message(Record record, byte[]? payload)
        {
            Record = record;
            Payload = payload;
        }

        public string Type => Record.Table.Name;

        public Record Record { get; }

        /// <summary>Interleaved stereo PCM, little-endian, in the format its record names; null: none.</summary>
        public byte[]? Payload { get; }

        public Value this[string field] => Record[field];

        /// <summary>
        /// A message from its fields as plain values; those left out have their defaults. Throws ProtocolException.
        /// </summary>
        public static Message Of(RecordTable table, Map fields, byte[]? payload = null)
        {
            var record = table.Read(fields);
            MessageRules.Check(record, payload);
            return new Message(record, payload);
        }
    }
}
