// Writes each connection's `hello`, and remembers what the game changed for every connection.
#nullable enable
using System.Collections.Generic;
using Segue.Protocol;

namespace Segue.Session
{
    /// <summary>
    /// The rules and the generator that the game changed to are in every later `hello`; its pause and its volume
    /// follow every `welcome`.
    /// </summary>
    internal sealed class Handshake
    {
        // The fields of the last control of each kind, by what they change.
        private readonly OrderedMap<string, Map> changed = new OrderedMap<string, Map>();
        private Map hello;

        // The request for other rules, and for another generator, without an answer.
        private Map? askedRules;
        private string askedGenerator = "";

        /// <summary>fields: of the first `hello`, without `resume` and `last_chunk`.</summary>
        public Handshake(Map fields)
        {
            hello = fields;
        }

        /// <summary>The fields of the controls that follow every `welcome`.</summary>
        public List<Map> Changes
        {
            get
            {
                var changes = new List<Map>();
                foreach (var pair in changed)
                {
                    changes.Add(pair.Value);
                }
                return changes;
            }
        }

        /// <summary>What to do where the two sides share no version of the protocol. text: of the service.</summary>
        public static string VersionMismatch(string text) =>
            text + "; this client speaks version " + Limits.Version + ": install the one that belongs to the service";

        /// <summary>
        /// The fields of a connection's `hello`. key: of the last session; null: none. lastChunk: `seq` of its last
        /// chunk.
        /// </summary>
        public Map Hello(byte[]? key, long lastChunk)
        {
            var fields = key == null ? hello : hello.With("resume", Value.Of(key));
            return fields.With("last_chunk", Value.Of(lastChunk));
        }

        /// <summary>Notes a request for other rules or another generator, which the service may refuse.</summary>
        public void Asked(Map control)
        {
            switch (control["op"].AsText)
            {
                case "rules":
                    askedRules = control;
                    break;
                case "generator":
                    askedGenerator = control["generator"].AsText;
                    break;
            }
        }

        /// <summary>Notes what the game changes for all connections: its pause and its volume.</summary>
        public void Changed(Map control)
        {
            var what = control["op"].AsText;
            if (what == "pause" || what == "resume" || what == "volume" || what == "mute" || what == "unmute")
            {
                var group = what == "resume" ? "pause" : what == "unmute" ? "mute" : what;
                changed[group] = Without(control, "ramp_ms", "ramp_ms");
            }
        }

        /// <summary>Notes that the service has accepted or refused the requested rules.</summary>
        public void Rules(Record answer)
        {
            if (askedRules != null && !answer["declaration"].IsNil)
            {
                hello = Without(hello, "rules_text", "rules_name");
                foreach (var field in new[] { "rules_text", "rules_name" })
                {
                    if (askedRules.TryGet(field, out var value) && !value.IsNil)
                    {
                        hello = hello.With(field, value);
                    }
                }
            }
            askedRules = null;
        }

        /// <summary>Notes that the service does not have what was asked for.</summary>
        public void Refused(Record error)
        {
            if (error["about"].AsText != "control")
            {
                return;
            }
            var code = error["code"].AsText;
            askedRules = code == "unknown_rules" ? null : askedRules;
            askedGenerator = code == "unknown_generator" ? "" : askedGenerator;
        }

        /// <summary>Notes which generator plays.</summary>
        public void Status(Record status)
        {
            var isAsked = askedGenerator.Length > 0 && status["generator"].AsText == askedGenerator;
            if (isAsked && status["level"].AsInteger == 0)
            {
                hello = hello.With("generator", Value.Of(askedGenerator));
                askedGenerator = "";
            }
        }

        private static Map Without(Map map, string name, string other)
        {
            var left = new Map();
            foreach (var pair in map)
            {
                if (pair.Key != name && pair.Key != other)
                {
                    left.Add(pair.Key, pair.Value);
                }
            }
            return left;
        }
    }
}
