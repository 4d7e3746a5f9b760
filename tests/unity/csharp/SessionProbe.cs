// Replays recorded sessions. Each begins with `hello`, the fields of its first one; `steps` are calls, received
// messages and times. The result of a step is its return value, the messages sent (parts in hex), the client events
// and counts.
#nullable enable
using System;
using System.Collections.Generic;
using Segue.Playback;
using Segue.Protocol;
using Segue.Session;
using Segue.Tests;

namespace Segue.Probes
{
    internal static class SessionProbe
    {
        public static object Run(object cases) =>
            ((List<object?>)cases).ConvertAll(recorded => Replay((JsonObject)recorded!));

        private static object? Replay(JsonObject recorded)
        {
            var session = new ClientSession(Fields(recorded["hello"]));
            var results = new List<object?>();
            foreach (var each in (List<object?>)recorded["steps"]!)
            {
                var returned = Apply(session, (JsonObject)each!);
                var sent = new List<object?>();
                foreach (var parts in session.TakeMessages())
                {
                    sent.Add(JsonText.Hex(parts));
                }
                var told = new List<object?>();
                foreach (var happened in session.TakeEvents())
                {
                    told.Add(new List<object?> { happened.Kind, happened.Fields });
                }
                var counts = new List<object?> { session.Waiting, session.Unconfirmed };
                var state = session.State.ToString().ToUpperInvariant();
                results.Add(new List<object?> { returned, sent, told, state, counts, session.UpcomingBeats.Count });
            }
            return results;
        }

        private static object? Apply(ClientSession session, JsonObject step)
        {
            switch ((string)step["do"]!)
            {
                case "connected":
                    session.Connected(Real(step["now"]));
                    break;
                case "disconnected":
                    session.Disconnected((string)step["reason"]!);
                    break;
                case "tick":
                    session.Tick(Real(step["now"]), Position((JsonObject)step["position"]!));
                    break;
                case "receive":
                    var parts = ((List<object?>)step["parts"]!).ConvertAll(part => JsonText.Bytes((string)part!));
                    session.Receive(parts, Real(step["now"]));
                    break;
                case "set":
                    return CodeOf(session.SetInput((string)step["name"]!, Plain(step["value"])));
                case "fire":
                    return CodeOf(session.Fire((string)step["name"]!));
                case "reset":
                    return CodeOf(session.Reset());
                case "end_frame":
                    return session.EndFrame((long)step["played"]!);
                case "save":
                    return session.Save();
                case "restore":
                    return session.Restore(JsonText.Bytes((string)step["blob"]!));
                case "refuse_samples":
                    session.RefuseSamples((string)step["kind"]!, (long)step["is"]!);
                    break;
                case "pause":
                    session.SetPaused(true);
                    break;
                case "resume":
                    session.SetPaused(false);
                    break;
                case "control":
                    return session.Control(Fields(step["fields"]));
                default:
                    session.Close();
                    break;
            }
            return null;
        }

        private static string CodeOf(InputError? error) => error == null ? "" : error.Code;

        private static double Real(object? number) => Convert.ToDouble(number);

        private static PlaybackPosition Position(JsonObject fields) => new PlaybackPosition(
            (long)fields["played"]!,
            (long)fields["committed"]!,
            (long)fields["have"]!,
            (bool)fields["is_standing"]!,
            (long)fields["underruns"]!,
            (long)fields["late"]!,
            (long)fields["dropped"]!);

        private static Map Fields(object? fields)
        {
            var map = new Map();
            foreach (var member in ((JsonObject)fields!).Members)
            {
                map.Add(member.Key, Plain(member.Value));
            }
            return map;
        }

        /// <summary>A value of the file; a real is marked, since it may be whole, or no number.</summary>
        private static Value Plain(object? value)
        {
            if (value is JsonObject marked && marked.Has("$real"))
            {
                return Value.Of(marked["$real"] is string ? double.NaN : Real(marked["$real"]));
            }
            return Tests.Vector.Plain(value);
        }
    }
}
