// Writes JSON, for results: what Json reads, lists and dictionaries of it, and values of the protocol.
#nullable enable
using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using Segue.Protocol;

namespace Segue.Probes
{
    internal static class JsonText
    {
        public static string Of(object? value)
        {
            var text = new StringBuilder();
            Write(text, value);
            return text.ToString();
        }

        /// <summary>Bytes as lower-case hex digits.</summary>
        public static string Hex(byte[] bytes)
        {
            const string Digits = "0123456789abcdef";
            var text = new StringBuilder(2 * bytes.Length);
            foreach (var each in bytes)
            {
                text.Append(Digits[each >> 4]).Append(Digits[each & 15]);
            }
            return text.ToString();
        }

        /// <summary>Hex digits as bytes.</summary>
        public static byte[] Bytes(string hex) => Tests.Vector.Raw(hex);

        /// <summary>Parts of a message as hex digits.</summary>
        public static List<object?> Hex(IReadOnlyList<byte[]> parts)
        {
            var hexed = new List<object?>();
            foreach (var part in parts)
            {
                hexed.Add(Hex(part));
            }
            return hexed;
        }

        private static void Write(StringBuilder text, object? value)
        {
            switch (value)
            {
                case null:
                    text.Append("null");
                    break;
                case bool flag:
                    text.Append(flag ? "true" : "false");
                    break;
                case string words:
                    WriteText(text, words);
                    break;
                case byte[] bytes:
                    WriteText(text, Hex(bytes));
                    break;
                case double number:
                    WriteReal(text, number);
                    break;
                case Value inner:
                    Write(text, Plain(inner));
                    break;
                case Map map:
                    WriteMembers(text, Members(map));
                    break;
                case Record record:
                    WriteMembers(text, Members(record));
                    break;
                case Dictionary<string, object?> members:
                    WriteMembers(text, members);
                    break;
                case IEnumerable items:
                    WriteItems(text, items);
                    break;
                default:
                    text.Append(Convert.ToString(value, CultureInfo.InvariantCulture));
                    break;
            }
        }

        private static object? Plain(Value value)
        {
            switch (value.Kind)
            {
                case ValueKind.Nil:
                    return null;
                case ValueKind.Boolean:
                    return value.AsBoolean;
                case ValueKind.Integer:
                    return value.AsInteger;
                case ValueKind.Real:
                    return value.AsReal;
                case ValueKind.Text:
                    return value.AsText;
                case ValueKind.Bytes:
                    return value.AsBytes;
                case ValueKind.List:
                    return value.AsList;
                case ValueKind.Map:
                    return value.AsMap;
                default:
                    return value.AsRecord;
            }
        }

        private static Dictionary<string, object?> Members(Map map)
        {
            var members = new Dictionary<string, object?>();
            foreach (var pair in map)
            {
                members.Add(pair.Key, pair.Value);
            }
            return members;
        }

        private static Dictionary<string, object?> Members(Record record)
        {
            var members = new Dictionary<string, object?>();
            foreach (var field in record.Table.Fields)
            {
                members.Add(field.Name, record[field.Name]);
            }
            return members;
        }

        private static void WriteMembers(StringBuilder text, Dictionary<string, object?> members)
        {
            text.Append('{');
            var isFirst = true;
            foreach (var member in members)
            {
                text.Append(isFirst ? "" : ",");
                isFirst = false;
                WriteText(text, member.Key);
                text.Append(':');
                Write(text, member.Value);
            }
            text.Append('}');
        }

        private static void WriteItems(StringBuilder text, IEnumerable items)
        {
            text.Append('[');
            var isFirst = true;
            foreach (var item in items)
            {
                text.Append(isFirst ? "" : ",");
                isFirst = false;
                Write(text, item);
            }
            text.Append(']');
        }

        private static void WriteReal(StringBuilder text, double number)
        {
            var digits = number.ToString("R", CultureInfo.InvariantCulture);
            text.Append(digits).Append(digits.IndexOfAny(new[] { '.', 'E', 'N', 'I' }) < 0 ? ".0" : "");
        }

        private static void WriteText(StringBuilder text, string words)
        {
            text.Append('"');
            foreach (var character in words)
            {
                if (character < ' ' || character > '~' || character == '"' || character == '\\')
                {
                    text.Append("\\u").Append(((int)character).ToString("x4", CultureInfo.InvariantCulture));
                }
                else
                {
                    text.Append(character);
                }
            }
            text.Append('"');
        }
    }
}
