// What PROTOCOL.md section 5 says of several fields of a message together, and of a payload and its header.
#nullable enable
namespace Segue.Protocol
{
    internal static class MessageRules
    {
        /// <summary>Throws ProtocolException for fields that contradict one another.</summary>
        public static void Check(Record record, byte[]? payload)
        {
            if (record.Table.Payload == Payload.None && payload != null)
            {
                throw new ProtocolException(ErrorCode.PayloadMismatch, "payload: " + record.Table.Name + " has none");
            }
            switch (record.Table.Name)
            {
                case "hello":
                    AtMostOne(record, "rules_text", "rules_name");
                    break;
                case "event":
                    CheckEvents(record);
                    break;
                case "playhead":
                    CheckPlayhead(record);
                    break;
                case "restore":
                    AtMostOne(record, "blob", "cell");
                    break;
                case "control":
                    CheckControl(record);
                    break;
                case "rules":
                    Require(
                        record["declaration"].IsNil != (record["errors"].AsList.Count == 0),
                        "rules: expected either declaration or errors");
                    break;
                case "chunk":
                    CheckSamples(record, payload);
                    break;
                case "clock":
                    CheckClock(record);
                    break;
                case "stinger":
                    CheckStinger(record, payload);
                    break;
            }
        }

        private static void AtMostOne(Record record, string one, string other) => Require(
            record[one].IsNil || record[other].IsNil,
            record.Table.Name + ": expected at most one of " + one + ", " + other);

        private static void CheckEvents(Record record)
        {
            var last = 0L;
            foreach (var item in record["events"].AsList)
            {
                var seq = item.AsRecord["seq"].AsInteger;
                Require(seq > last, "events: expected growing seq");
                last = seq;
            }
        }

        private static void CheckPlayhead(Record record)
        {
            var committed = record["committed"].AsInteger;
            Require(
                record["played"].AsInteger <= committed && committed <= record["have"].AsInteger,
                "playhead: expected played <= committed <= have");
        }

        private static void CheckControl(Record record)
        {
            switch (record["op"].AsText)
            {
                case "rules":
                    Require(
                        record["rules_text"].IsNil != record["rules_name"].IsNil,
                        "control: expected exactly one of rules_text, rules_name");
                    break;
                case "volume":
                    RequireField(record, "gain_db");
                    break;
                case "generator":
                    RequireField(record, "generator");
                    break;
            }
        }

        private static void RequireField(Record record, string name)
        {
            if (record[name].IsNil)
            {
                throw new ProtocolException(
                    ErrorCode.MissingField, "control: " + record["op"].AsText + " needs " + name);
            }
        }

        private static void CheckClock(Record record)
        {
            const string Expected = "clock: expected growing beats within [start, end)";
            var last = record["start"].AsInteger - 1;
            foreach (var beat in record["beats"].AsList)
            {
                var at = beat.AsRecord["at"].AsInteger;
                Require(at > last, Expected);
                last = at;
            }
            var end = record["end"].AsInteger;
            Require(last < end && record["start"].AsInteger < end, Expected);
        }

        private static void CheckStinger(Record record, byte[]? payload)
        {
            if (record["kind"].AsText != "placed")
            {
                if (payload != null)
                {
                    throw new ProtocolException(
                        ErrorCode.PayloadMismatch, "payload: stinger " + record["kind"].AsText + " has none");
                }
                return;
            }
            var count = record["count"].AsInteger;
            var total = record["total"].AsInteger;
            if (total < 1 || record["offset"].AsInteger + count > total)
            {
                throw new ProtocolException(
                    ErrorCode.OutOfRange, "stinger: expected 1 <= total and offset + count <= total");
            }
            // Without samples: the service has mixed it into its chunks.
            if (count > 0 || payload != null)
            {
                CheckSamples(record, payload);
            }
        }

        private static void CheckSamples(Record record, byte[]? payload)
        {
            var width = record["format"].AsText == "f32le" ? 4 : 2;
            var expected = record["count"].AsInteger * Limits.Channels * width;
            if (payload == null || payload.Length != expected)
            {
                throw new ProtocolException(
                    ErrorCode.PayloadMismatch,
                    "payload: expected " + expected + " bytes, got " + (payload == null ? 0 : payload.Length));
            }
        }

        private static void Require(bool holds, string expected)
        {
            if (!holds)
            {
                throw new ProtocolException(ErrorCode.BadValue, expected);
            }
        }
    }
}
