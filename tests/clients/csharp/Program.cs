// Runs vector files, and messages made here, through the codec: `vectors.exe FILE...`. Prints each failure, then
// `N passed, M failed`.
#nullable enable
using System;
using System.Collections.Generic;
using System.IO;
using Segue.Protocol;

namespace Segue.Tests
{
    internal static class Program
    {
        private static int Main(string[] files)
        {
            var faults = Construction.Faults(out var cases);
            faults.ForEach(Console.WriteLine);
            var passed = cases - faults.Count;
            var failed = faults.Count;
            foreach (var file in files)
            {
                var json = (JsonObject)Json.Parse(File.ReadAllText(file))!;
                if (!json.Has("segue_vectors"))
                {
                    // Another kind of file: zmtp.json is no matter of a codec.
                    continue;
                }
                foreach (var each in (List<object?>)json["vectors"]!)
                {
                    var vector = new Vector((JsonObject)each!);
                    var fault = FaultOf(vector);
                    if (fault == null)
                    {
                        passed++;
                        continue;
                    }
                    failed++;
                    Console.WriteLine(Path.GetFileName(file) + ": " + vector.Name + ": " + fault);
                }
            }
            Console.WriteLine(passed + " passed, " + failed + " failed");
            return failed == 0 && passed > cases ? 0 : 1;
        }

        /// <summary>What is wrong with the codec's answer to a vector; null: nothing. A crash ends the run.</summary>
        private static string? FaultOf(Vector vector)
        {
            Message message;
            try
            {
                message = Codec.Decode(vector.Parts);
            }
            catch (ProtocolException error)
            {
                return FaultOfRefusal(vector, error);
            }
            if (!vector.IsAccepted)
            {
                return "expected " + (vector.Code.Length > 0 ? vector.Code : "an error") + ", got " + message.Type;
            }
            if (message.Type != vector.Type)
            {
                return "expected type " + vector.Type + ", got " + message.Type;
            }
            if (!IsSameRecord(Vector.PlainMap(vector.Fields), message.Record))
            {
                return "decoded to another value";
            }
            return FaultOfEncoding(vector, message);
        }

        private static string? FaultOfRefusal(Vector vector, ProtocolException error)
        {
            if (vector.IsAccepted)
            {
                return "expected " + vector.Type + ", got " + error.Message;
            }
            var agrees = vector.Code.Length == 0 || vector.Code == error.Code;
            return agrees ? null : "expected " + vector.Code + ", got " + error.Message;
        }

        /// <summary>The decoded message and one built from the value must both give the one encoding.</summary>
        private static string? FaultOfEncoding(Vector vector, Message message)
        {
            var encoded = vector.Encoded;
            if (encoded == null)
            {
                return null;
            }
            if (!AreEncodedAs(Codec.Encode(message), encoded, vector.Parts))
            {
                return "decoded and encoded again: other bytes";
            }
            var payload = vector.Parts.Count > 1 ? vector.Parts[1] : null;
            var built = Message.Of(message.Record.Table, Vector.PlainMap(vector.Fields), payload);
            var agrees = AreEncodedAs(Codec.Encode(built), encoded, vector.Parts);
            return agrees ? null : "built from its value: other bytes";
        }

        private static bool AreEncodedAs(IReadOnlyList<byte[]> parts, byte[] header, IReadOnlyList<byte[]> original) =>
            parts.Count == original.Count
            && parts[0].AsSpan().SequenceEqual(header)
            && (parts.Count == 1 || parts[1].AsSpan().SequenceEqual(original[1]));

        /// <summary>Whether a record sends exactly the expected fields, in this order, and with these values.</summary>
        private static bool IsSameRecord(Map expected, Record record)
        {
            var sent = new Map();
            for (var i = 0; i < record.Table.Fields.Count; i++)
            {
                if (record.IsSent(i))
                {
                    var name = record.Table.Fields[i].Name;
                    sent.Add(name, record[name]);
                }
            }
            return IsSameMap(expected, sent);
        }

        private static bool IsSameMap(Map expected, Map got)
        {
            using var others = got.GetEnumerator();
            foreach (var pair in expected)
            {
                if (!others.MoveNext() || others.Current.Key != pair.Key || !IsSame(pair.Value, others.Current.Value))
                {
                    return false;
                }
            }
            return !others.MoveNext();
        }

        private static bool IsSame(Value expected, Value got)
        {
            switch (got.Kind)
            {
                case ValueKind.Record:
                    return expected.Kind == ValueKind.Map && IsSameRecord(expected.AsMap, got.AsRecord);
                case ValueKind.Map:
                    return expected.Kind == ValueKind.Map && IsSameMap(expected.AsMap, got.AsMap);
                case ValueKind.List:
                    return expected.Kind == ValueKind.List && AreSame(expected.AsList, got.AsList);
                case ValueKind.Bytes:
                    return expected.Kind == ValueKind.Bytes && expected.AsBytes.AsSpan().SequenceEqual(got.AsBytes);
                case ValueKind.Integer:
                    return expected.Kind == ValueKind.Integer && expected.AsInteger == got.AsInteger;
                case ValueKind.Real:
                    return expected.Kind == ValueKind.Real && BitsOf(expected) == BitsOf(got);
                case ValueKind.Text:
                    return expected.Kind == ValueKind.Text && expected.AsText == got.AsText;
                case ValueKind.Boolean:
                    return expected.Kind == ValueKind.Boolean && expected.AsBoolean == got.AsBoolean;
                default:
                    return expected.IsNil;
            }
        }

        private static long BitsOf(Value real) => BitConverter.DoubleToInt64Bits(real.AsReal);

        private static bool AreSame(IReadOnlyList<Value> expected, IReadOnlyList<Value> got)
        {
            for (var i = 0; i < Math.Min(expected.Count, got.Count); i++)
            {
                if (!IsSame(expected[i], got[i]))
                {
                    return false;
                }
            }
            return expected.Count == got.Count;
        }
    }
}
