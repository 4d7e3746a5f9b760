// One golden vector: engine_sdk/vectors/README.md says what its members mean.
#nullable enable
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using Segue.Protocol;

namespace Segue.Tests
{
    internal sealed class Vector
    {
        private readonly JsonObject json;

        public Vector(JsonObject json)
        {
            this.json = json;
            var parts = new List<byte[]> { Raw(json["header"]) };
            if (json.Has("payload"))
            {
                parts.Add(Raw(json["payload"]));
            }
            Parts = parts;
        }

        public string Name => (string)json["name"]!;

        public IReadOnlyList<byte[]> Parts { get; }

        public bool IsAccepted => json.Has("accept");

        public string Type => (string)json["accept"]!;

        public JsonObject Fields => (JsonObject)json["value"]!;

        /// <summary>The code it must be refused with; empty, in the corpus of mutated messages: any.</summary>
        public string Code => (string)json["reject"]!;

        public bool IsCanonical => json.Has("canonical") && (bool)json["canonical"]!;

        /// <summary>The header that encoding the message gives, where it is told.</summary>
        public byte[]? Encoded => IsCanonical ? Parts[0] : json.Has("encoded") ? Raw(json["encoded"]) : null;

        /// <summary>Bytes: hex digits, or runs of them.</summary>
        public static byte[] Raw(object? runs)
        {
            if (runs is string hex)
            {
                return Hex(hex);
            }
            var raw = new MemoryStream();
            foreach (var each in (List<object?>)runs!)
            {
                var run = (JsonObject)each!;
                var unit = Hex((string)run["hex"]!);
                for (var times = (long)run["times"]!; times > 0; times--)
                {
                    raw.Write(unit, 0, unit.Length);
                }
            }
            return raw.ToArray();
        }

        /// <summary>A value of the file as MessagePack would give it.</summary>
        public static Value Plain(object? value)
        {
            switch (value)
            {
                case null:
                    return Value.Nil;
                case bool flag:
                    return Value.Of(flag);
                case long number:
                    return Value.Of(number);
                case double number:
                    return Value.Of(number);
                case string text:
                    return Value.Of(text);
                case List<object?> items:
                    return Value.Of(items.ConvertAll(Plain));
                default:
                    return PlainObject((JsonObject)value);
            }
        }

        private static Value PlainObject(JsonObject value)
        {
            if (value.Has("$bytes"))
            {
                return Value.Of(Raw(value["$bytes"]));
            }
            if (value.Has("$real"))
            {
                return Value.Of((double)(long)value["$real"]!);
            }
            if (value.Has("$real64"))
            {
                return Value.Of(BitConverter.Int64BitsToDouble(
                    long.Parse((string)value["$real64"]!, NumberStyles.HexNumber, CultureInfo.InvariantCulture)));
            }
            return Value.Of(PlainMap(value));
        }

        public static Map PlainMap(JsonObject value)
        {
            var map = new Map();
            foreach (var member in value.Members)
            {
                map.Add(member.Key, Plain(member.Value));
            }
            return map;
        }

        private static byte[] Hex(string digits)
        {
            var raw = new byte[digits.Length / 2];
            for (var i = 0; i < raw.Length; i++)
            {
                raw[i] = (byte)(Digit(digits[2 * i]) << 4 | Digit(digits[2 * i + 1]));
            }
            return raw;
        }

        private static int Digit(char digit) => digit <= '9' ? digit - '0' : digit - 'a' + 10;
    }
}
