// Checks what a game sets and fires against the inputs that the rules declare.
#nullable enable
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using Segue.Protocol;

namespace Segue.Session
{
    /// <summary>Why a call of the game was not taken.</summary>
    public sealed class InputError
    {
        internal InputError(string code, string text)
        {
            Code = code;
            Text = text;
        }

        /// <summary>
        /// unknown_input, wrong_type, not_finite, out_of_range, bad_value, unknown_choice, not_settable,
        /// not_a_trigger, or queue_full: too much waits for the service.
        /// </summary>
        public string Code { get; }

        /// <summary>What was expected, what came, what to do.</summary>
        public string Text { get; }
    }

    internal sealed class InputTable
    {
        // Names listed in an error's text, and letters of what came.
        private const int MostListed = 12;
        private const int Excerpt = 48;

        private readonly OrderedMap<string, Record> inputs = new OrderedMap<string, Record>();

        /// <summary>declared: the records `Input` of a declaration.</summary>
        public InputTable(IReadOnlyList<Value> declared)
        {
            foreach (var each in declared)
            {
                inputs[each.AsRecord["name"].AsText] = each.AsRecord;
            }
        }

        /// <summary>
        /// Converts a value to the input's type. A number beyond its range stays: the service clamps it and says so
        /// in the receipt. Why it does not fit, or null.
        /// </summary>
        public InputError? Convert(string name, Value given, out Value converted)
        {
            converted = given;
            if (!inputs.TryGet(name, out var input))
            {
                return Unknown(name);
            }
            var type = input["type"].AsText;
            if (type == "trigger")
            {
                return new InputError(
                    "not_settable", "input '" + name + "' is a trigger, which has no value; call Fire");
            }
            var error = CheckPlain(name, given);
            if (error != null)
            {
                return error;
            }
            switch (type)
            {
                case "flag":
                    return given.Kind == ValueKind.Boolean ? null : Wrong(name, "true or false", given);
                case "choice":
                    return CheckChoice(name, input["of"].AsList, given);
                case "number":
                    return ConvertNumber(name, given, ref converted);
                case "integer":
                    return ConvertInteger(name, given, ref converted);
                default:
                    // A type that only a later service knows: it checks the value itself.
                    return null;
            }
        }

        /// <summary>Why a trigger cannot be fired, or null.</summary>
        public InputError? CheckTrigger(string name)
        {
            if (!inputs.TryGet(name, out var input))
            {
                return Unknown(name);
            }
            var type = input["type"].AsText;
            return type == "trigger"
                ? null
                : new InputError(
                    "not_a_trigger", "input '" + name + "' is a " + type + ", not a trigger; call SetInput");
        }

        /// <summary>The values that fit these rules, in the order of the declaration.</summary>
        public OrderedMap<string, Value> Fitting(OrderedMap<string, Value> values)
        {
            var fit = new OrderedMap<string, Value>();
            foreach (var input in inputs)
            {
                if (values.TryGet(input.Key, out var value) && Convert(input.Key, value, out var converted) == null)
                {
                    fit[input.Key] = converted;
                }
            }
            return fit;
        }

        /// <summary>
        /// The values and triggers that fit these rules; `refused` gets the name and the error of each that does not.
        /// </summary>
        public void Check(
            ref OrderedMap<string, Value> set,
            ref List<string> fire,
            List<KeyValuePair<string, InputError>> refused)
        {
            var fitting = new OrderedMap<string, Value>();
            foreach (var pair in set)
            {
                var error = Convert(pair.Key, pair.Value, out var converted);
                if (error == null)
                {
                    fitting[pair.Key] = converted;
                }
                else
                {
                    refused.Add(new KeyValuePair<string, InputError>(pair.Key, error));
                }
            }
            var fired = new List<string>();
            foreach (var name in fire)
            {
                var error = CheckTrigger(name);
                if (error == null)
                {
                    fired.Add(name);
                }
                else
                {
                    refused.Add(new KeyValuePair<string, InputError>(name, error));
                }
            }
            set = fitting;
            fire = fired;
        }

        /// <summary>Why a name cannot be that of an input, before the rules are known, or null.</summary>
        public static InputError? CheckName(string name)
        {
            var size = Encoding.UTF8.GetByteCount(name);
            if (size >= 1 && size <= Limits.NameBytes)
            {
                return IsText(name)
                    ? null
                    : new InputError("bad_value", "a name with U+0000 or half a character in it");
            }
            return new InputError(
                "out_of_range", "expected a name of 1 to " + Limits.NameBytes + " bytes, got " + size);
        }

        /// <summary>Why a message cannot carry a value, before its input is known, or null.</summary>
        public static InputError? CheckPlain(string name, Value given)
        {
            switch (given.Kind)
            {
                case ValueKind.Boolean:
                    return null;
                case ValueKind.Text:
                    return CheckText(name, given.AsText);
                case ValueKind.Integer:
                    return CheckRange(name, given.AsInteger);
                case ValueKind.Real:
                    var real = given.AsReal;
                    return double.IsNaN(real) || double.IsInfinity(real)
                        ? new InputError(
                            "not_finite",
                            "input '" + name + "' takes finite numbers; check for a division by zero before it")
                        : CheckRange(name, real);
                default:
                    return Wrong(name, "a boolean, a number or a text", given);
            }
        }

        private static InputError? CheckText(string name, string text)
        {
            var size = Encoding.UTF8.GetByteCount(text);
            if (size > Limits.NameBytes)
            {
                return new InputError(
                    "out_of_range",
                    "input '" + name + "': expected at most " + Limits.NameBytes + " bytes, got " + size);
            }
            return IsText(text)
                ? null
                : new InputError("bad_value", "input '" + name + "': a text with U+0000 or half a character in it");
        }

        private static InputError? CheckRange(string name, double number) =>
            Math.Abs(number) <= Limits.LargestInteger
                ? null
                : new InputError("out_of_range", "input '" + name + "': expected a number within ±(2^53 - 1)");

        /// <summary>Whether a text can be sent: no U+0000, and no half of a surrogate pair.</summary>
        private static bool IsText(string text)
        {
            for (var i = 0; i < text.Length; i++)
            {
                if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
                {
                    i++;
                }
                else if (text[i] == '\0' || char.IsSurrogate(text[i]))
                {
                    return false;
                }
            }
            return true;
        }

        private static InputError? ConvertNumber(string name, Value given, ref Value converted)
        {
            if (given.Kind == ValueKind.Integer)
            {
                converted = Value.Of((double)given.AsInteger);
                return null;
            }
            return given.Kind == ValueKind.Real ? null : Wrong(name, "a number", given);
        }

        private static InputError? ConvertInteger(string name, Value given, ref Value converted)
        {
            if (given.Kind == ValueKind.Real && given.AsReal == Math.Floor(given.AsReal))
            {
                converted = Value.Of((long)given.AsReal);
                return null;
            }
            return given.Kind == ValueKind.Integer ? null : Wrong(name, "a whole number", given);
        }

        private static InputError? CheckChoice(string name, IReadOnlyList<Value> options, Value given)
        {
            var names = new List<string>();
            foreach (var option in options)
            {
                names.Add(option.AsText);
            }
            if (given.Kind != ValueKind.Text)
            {
                return Wrong(name, "one of " + Listed(names), given);
            }
            if (names.Contains(given.AsText))
            {
                return null;
            }
            var close = SimilarNames.Closest(given.AsText, names);
            return new InputError(
                "unknown_choice",
                "input '" + name + "' takes one of " + Listed(names) + ", got '" + Cut(given.AsText) + "'"
                + (close.Length == 0 ? "" : "; did you mean '" + close + "'?"));
        }

        private InputError Unknown(string name)
        {
            var close = SimilarNames.Closest(Cut(name), inputs.Keys);
            var hint = close.Length > 0
                ? "did you mean '" + close + "'?"
                : "they declare " + (inputs.Count == 0 ? "none" : Listed(inputs.Keys));
            return new InputError("unknown_input", "the rules declare no input '" + Cut(name) + "'; " + hint);
        }

        private static InputError Wrong(string name, string expected, Value given)
        {
            var came = given.Kind switch
            {
                ValueKind.Boolean => given.AsBoolean ? "true" : "false",
                ValueKind.Integer => given.AsInteger.ToString(CultureInfo.InvariantCulture),
                ValueKind.Real => given.AsReal.ToString(CultureInfo.InvariantCulture),
                ValueKind.Text => "'" + Cut(given.AsText) + "'",
                _ => "a " + given.Kind,
            };
            return new InputError("wrong_type", "input '" + name + "' takes " + expected + ", got " + came);
        }

        private static string Listed(List<string> names) => names.Count <= MostListed
            ? string.Join(", ", names)
            : string.Join(", ", names.GetRange(0, MostListed)) + " and " + (names.Count - MostListed) + " more";

        private static string Cut(string text) => text.Length <= Excerpt ? text : text.Substring(0, Excerpt);
    }
}
