// Messages that a game could make and no bytes could hold: refused when they are made or encoded.
#nullable enable
using System;
using System.Collections.Generic;
using Segue.Protocol;

namespace Segue.Tests
{
    internal static class Construction
    {
        /// <summary>A line for each case that failed; and how many cases there are.</summary>
        public static List<string> Faults(out int cases)
        {
            var made = new List<(string Name, string Code, Func<Message> Make)>
            {
                ("integer 2^53 - 1", "bytes", () => Event(Value.Of((1L << 53) - 1))),
                ("integer 2^53", ErrorCode.OutOfRange, () => Event(Value.Of(1L << 53))),
                ("integer -2^53", ErrorCode.OutOfRange, () => Event(Value.Of(-(1L << 53)))),
                ("real 2^53", ErrorCode.OutOfRange, () => Event(Value.Of((double)(1L << 53)))),
                ("whole real as an integer", "bytes", () => Save(Value.Of(2.0))),
                ("real as an integer", ErrorCode.WrongType, () => Save(Value.Of(2.5))),
                ("infinity as an integer", ErrorCode.OutOfRange, () => Save(Value.Of(double.PositiveInfinity))),
                ("NaN as an integer", ErrorCode.WrongType, () => Save(Value.Of(double.NaN))),
                ("U+0000 in a text", ErrorCode.BadValue, () => Event(Value.Of("a\0"))),
                ("U+0000 in a name", ErrorCode.BadValue, () => Event(Value.Of(1), "a\0b")),
                ("NaN", ErrorCode.NotFinite, () => Event(Value.Of(double.NaN))),
                ("half a surrogate pair", ErrorCode.BadUtf8, () => Event(Value.Of("\ud800"))),
                ("half a pair as a name", ErrorCode.BadUtf8, () => Event(Value.Of(1), "\udfff")),
                ("bytes as a value", ErrorCode.WrongType, () => Event(Value.Of(new byte[1]))),
                ("nil as a value", ErrorCode.WrongType, () => Event(Value.Nil)),
                ("header too large", ErrorCode.TooLarge, TooLarge),
            };
            var faults = new List<string>();
            foreach (var each in made)
            {
                var got = CodeOf(each.Make);
                if (got != each.Code)
                {
                    faults.Add("construction: " + each.Name + ": expected " + each.Code + ", got " + got);
                }
            }
            cases = made.Count;
            return faults;
        }

        private static string CodeOf(Func<Message> make)
        {
            try
            {
                Codec.Encode(make());
                return "bytes";
            }
            catch (ProtocolException error)
            {
                return error.Code;
            }
        }

        private static Message Event(Value value, string name = "threat")
        {
            var set = new Map { { name, value } };
            var item = new Map { { "seq", Value.Of(1) }, { "at", Value.Of(0) }, { "set", Value.Of(set) } };
            return Message.Of(MessageTables.Event, new Map { { "events", Value.Of(new[] { Value.Of(item) }) } });
        }

        private static Message Save(Value id) => Message.Of(MessageTables.Save, new Map { { "id", id } });

        /// <summary>256 errors of 1 024 bytes each, which its table allows and a header cannot hold.</summary>
        private static Message TooLarge()
        {
            var errors = new Value[256];
            Array.Fill(errors, Value.Of(new string('a', 1024)));
            return Message.Of(MessageTables.Rules, new Map { { "errors", Value.Of(errors) } });
        }
    }
}
