// The fields of every message and of every map inside one: PROTOCOL.md section 5 as data.
// Written by `python tests/clients/tables.py --write` from the SDK's field table; change that.
#nullable enable
using System;

namespace Segue.Protocol
{
    public static class MessageTables
    {
        private static readonly Value EmptyList = Value.Of(Array.Empty<Value>());
        private static readonly Value EmptyMap = Value.Of(Map.Empty);

        public static readonly RecordTable Input = new RecordTable(
            "Input",
            Payload.None,
            Field.Required("name", Kind.Text(1, 64)),
            Field.Required("type", Kind.Word("number", "integer", "choice", "flag", "trigger")),
            Field.Optional("low", Kind.Real(-9007199254740991.0, 9007199254740991.0)),
            Field.Optional("high", Kind.Real(-9007199254740991.0, 9007199254740991.0)),
            Field.Optional("of", Kind.ListOf(Kind.Text(1, 64), 0, 1024), EmptyList),
            Field.Optional("default", Kind.AnyValue()));

        public static readonly RecordTable LayerInfo = new RecordTable(
            "LayerInfo",
            Payload.None,
            Field.Required("name", Kind.Text(1, 64)),
            Field.Required("states", Kind.ListOf(Kind.Text(1, 64), 1, 512)),
            Field.Required("default", Kind.Text(1, 64)));

        public static readonly RecordTable Declaration = new RecordTable(
            "Declaration",
            Payload.None,
            Field.Required("title", Kind.Text(0, 800)),
            Field.Required("fingerprint", Kind.Text(0, 64)),
            Field.Required("inputs", Kind.ListOf(Kind.RecordOf(Input), 0, 256)),
            Field.Required("layers", Kind.ListOf(Kind.RecordOf(LayerInfo), 0, 64)),
            Field.Required("styles", Kind.ListOf(Kind.Text(1, 64), 0, 1024)),
            Field.Optional("stingers", Kind.ListOf(Kind.Text(1, 64), 0, 128), EmptyList));

        public static readonly RecordTable Limits = new RecordTable(
            "Limits",
            Payload.None,
            Field.Required("events_per_second", Kind.Integer(1, 100000)),
            Field.Required("header_bytes", Kind.Integer(1024, 9007199254740991)),
            Field.Optional("blob_bytes", Kind.Integer(1024, 9007199254740991), Value.Of(65536L)));

        public static readonly RecordTable GeneratorInfo = new RecordTable(
            "GeneratorInfo",
            Payload.None,
            Field.Required("name", Kind.Text(1, 64)),
            Field.Optional("model", Kind.Text(0, 128), Value.Of("")),
            Field.Optional("exact_beats", Kind.Boolean(), Value.Of(true)),
            Field.Optional("controls", Kind.ListOf(Kind.Text(1, 64), 0, 16), EmptyList));

        public static readonly RecordTable EventItem = new RecordTable(
            "EventItem",
            Payload.None,
            Field.Required("seq", Kind.Integer(1, 9007199254740991)),
            Field.Required("at", Kind.Integer(0, 9007199254740991)),
            Field.Optional("reset", Kind.Boolean(), Value.Of(false)),
            Field.Optional("set", Kind.MapOf(Kind.AnyValue(), 256), EmptyMap),
            Field.Optional("fire", Kind.ListOf(Kind.Text(1, 64), 0, 256), EmptyList));

        public static readonly RecordTable Cause = new RecordTable(
            "Cause",
            Payload.None,
            Field.Required("text", Kind.Text(0, 1024)),
            Field.Optional("input", Kind.Text(0, 64), Value.Of("")),
            Field.Optional("value", Kind.AnyValue()),
            Field.Optional("seq", Kind.Integer(0, 9007199254740991), Value.Of(0L)));

        public static readonly RecordTable Candidate = new RecordTable(
            "Candidate",
            Payload.None,
            Field.Required("state", Kind.Text(1, 64)),
            Field.Required("reason", Kind.Text(0, 1024)));

        public static readonly RecordTable Beat = new RecordTable(
            "Beat",
            Payload.None,
            Field.Required("at", Kind.Integer(0, 9007199254740991)),
            Field.Required("bar", Kind.Integer(0, 9007199254740991)),
            Field.Required("beat", Kind.Integer(0, 15)));

        public static readonly RecordTable DuckInfo = new RecordTable(
            "DuckInfo",
            Payload.None,
            Field.Required("depth_db", Kind.Real(-96, 0)),
            Field.Required("fade_out", Kind.Integer(0, 2880000)),
            Field.Required("recovery", Kind.Integer(0, 2880000)),
            Field.Required("fade_in", Kind.Integer(0, 2880000)));

        public static readonly RecordTable Hello = new RecordTable(
            "hello",
            Payload.None,
            Field.Required("versions", Kind.ListOf(Kind.Integer(1, 1000), 1, 16)),
            Field.Required("client", Kind.Text(0, 128)),
            Field.Optional("format", Kind.Word("f32le", "s16le"), Value.Of("f32le")),
            Field.Optional("rules_text", Kind.Text(1, 131072)),
            Field.Optional("rules_name", Kind.Text(1, 256)),
            Field.Optional("generator", Kind.Text(1, 64)),
            Field.Optional("seed", Kind.Integer(0, 9007199254740991)),
            Field.Optional("lookahead_ms", Kind.Integer(200, 30000)),
            Field.Optional("stingers", Kind.Word("separate", "included"), Value.Of("separate")),
            Field.Optional("resume", Kind.Bytes(16, 64)),
            Field.Optional("last_chunk", Kind.Integer(0, 9007199254740991), Value.Of(0L)),
            Field.Optional("token", Kind.Text(1, 255)));

        public static readonly RecordTable Event = new RecordTable(
            "event",
            Payload.None,
            Field.Required("events", Kind.ListOf(Kind.RecordOf(EventItem), 1, 64)));

        public static readonly RecordTable Playhead = new RecordTable(
            "playhead",
            Payload.None,
            Field.Required("played", Kind.Integer(0, 9007199254740991)),
            Field.Required("committed", Kind.Integer(0, 9007199254740991)),
            Field.Required("have", Kind.Integer(0, 9007199254740991)),
            Field.Required("paused", Kind.Boolean()),
            Field.Optional("last_chunk", Kind.Integer(0, 9007199254740991), Value.Of(0L)),
            Field.Optional("underruns", Kind.Integer(0, 9007199254740991), Value.Of(0L)),
            Field.Optional("late", Kind.Integer(0, 9007199254740991), Value.Of(0L)),
            Field.Optional("dropped", Kind.Integer(0, 9007199254740991), Value.Of(0L)));

        public static readonly RecordTable Save = new RecordTable(
            "save",
            Payload.None,
            Field.Required("id", Kind.Integer(1, 9007199254740991)));

        public static readonly RecordTable Restore = new RecordTable(
            "restore",
            Payload.None,
            Field.Required("id", Kind.Integer(1, 9007199254740991)),
            Field.Required("at", Kind.Integer(0, 9007199254740991)),
            Field.Required("take", Kind.Integer(0, 9007199254740991)),
            Field.Optional("blob", Kind.Bytes(1, 65536)),
            Field.Optional("cell", Kind.Bytes(1, 16384)));

        public static readonly RecordTable Control = new RecordTable(
            "control",
            Payload.None,
            Field.Required("op", Kind.Word("pause", "resume", "volume", "mute", "unmute", "rules", "generator")),
            Field.Optional("gain_db", Kind.Real(-96, 12)),
            Field.Optional("ramp_ms", Kind.Integer(0, 60000), Value.Of(0L)),
            Field.Optional("rules_text", Kind.Text(1, 131072)),
            Field.Optional("rules_name", Kind.Text(1, 256)),
            Field.Optional("generator", Kind.Text(1, 64)),
            Field.Optional("text", Kind.Text(0, 1024), Value.Of("")));

        public static readonly RecordTable Error = new RecordTable(
            "error",
            Payload.None,
            Field.Required("code", Kind.Text(1, 64)),
            Field.Optional("text", Kind.Text(0, 1024), Value.Of("")),
            Field.Optional("about", Kind.Text(0, 64), Value.Of("")),
            Field.Optional("seq", Kind.Integer(0, 9007199254740991), Value.Of(0L)));

        public static readonly RecordTable Bye = new RecordTable(
            "bye",
            Payload.None,
            Field.Required("reason", Kind.Text(1, 64)),
            Field.Optional("text", Kind.Text(0, 1024), Value.Of("")),
            Field.Optional("retry_ms", Kind.Integer(0, 3600000)));

        public static readonly RecordTable Welcome = new RecordTable(
            "welcome",
            Payload.None,
            Field.Required("version", Kind.Integer(1, 1000)),
            Field.Required("session", Kind.Text(1, 64)),
            Field.Required("key", Kind.Bytes(16, 64)),
            Field.Required("resumed", Kind.Boolean()),
            Field.Required("service", Kind.Text(0, 128)),
            Field.Required("format", Kind.Word("f32le", "s16le")),
            Field.Required("sample_rate", Kind.Integer(48000, 48000)),
            Field.Required("channels", Kind.Integer(2, 2)),
            Field.Required("frame_size", Kind.Integer(1920, 1920)),
            Field.Required("lookahead_ms", Kind.Integer(200, 30000)),
            Field.Required("chunk_frames", Kind.Integer(1, 250)),
            Field.Required("resume_window_ms", Kind.Integer(0, 86400000)),
            Field.Required("paused_window_ms", Kind.Integer(0, 86400000)),
            Field.Required("seed", Kind.Integer(0, 9007199254740991)),
            Field.Required("generator", Kind.RecordOf(GeneratorInfo)),
            Field.Required("limits", Kind.RecordOf(Limits)),
            Field.Required("rules", Kind.RecordOf(Declaration)));

        public static readonly RecordTable Rules = new RecordTable(
            "rules",
            Payload.None,
            Field.Optional("declaration", Kind.RecordOf(Declaration)),
            Field.Optional("errors", Kind.ListOf(Kind.Text(0, 1024), 0, 256), EmptyList));

        public static readonly RecordTable Receipt = new RecordTable(
            "receipt",
            Payload.None,
            Field.Required("seq", Kind.Integer(1, 9007199254740991)),
            Field.Required("accepted", Kind.Boolean()),
            Field.Required("code", Kind.Text(1, 64)),
            Field.Required("frame", Kind.Integer(0, 9007199254740991)),
            Field.Optional("text", Kind.Text(0, 1024), Value.Of("")));

        public static readonly RecordTable Change = new RecordTable(
            "change",
            Payload.None,
            Field.Required("kind", Kind.Word("decided", "rendered", "withdrawn")),
            Field.Required("layer", Kind.Text(1, 64)),
            Field.Required("from_state", Kind.Text(1, 64)),
            Field.Required("to_state", Kind.Text(1, 64)),
            Field.Required("decided", Kind.Integer(0, 9007199254740991)),
            Field.Required("start", Kind.Integer(0, 9007199254740991)),
            Field.Required("audible", Kind.Integer(0, 9007199254740991)),
            Field.Optional("ramp_frames", Kind.Integer(0, 9007199254740991), Value.Of(0L)),
            Field.Optional("at", Kind.Text(0, 64), Value.Of("immediate")),
            Field.Optional("causes", Kind.ListOf(Kind.RecordOf(Cause), 0, 64), EmptyList),
            Field.Optional("candidates", Kind.ListOf(Kind.RecordOf(Candidate), 0, 128), EmptyList),
            Field.Optional("clips", Kind.ListOf(Kind.Text(1, 64), 0, 16), EmptyList));

        public static readonly RecordTable Chunk = new RecordTable(
            "chunk",
            Payload.Required,
            Field.Required("seq", Kind.Integer(1, 9007199254740991)),
            Field.Required("take", Kind.Integer(0, 9007199254740991)),
            Field.Required("start", Kind.Integer(0, 9007199254740991, 1920)),
            Field.Required("count", Kind.Integer(1920, 480000, 1920)),
            Field.Required("mixed", Kind.Boolean()),
            Field.Required("format", Kind.Word("f32le", "s16le")),
            Field.Required("generator", Kind.Text(1, 64)),
            Field.Optional("reason", Kind.Text(1, 64), Value.Of("extend")),
            Field.Optional("states", Kind.MapOf(Kind.Text(1, 64), 64), EmptyMap),
            Field.Optional("mix", Kind.MapOf(Kind.Real(0, 1), 1024), EmptyMap),
            Field.Optional("cell", Kind.Bytes(1, 16384)),
            Field.Optional("last_event", Kind.Integer(0, 9007199254740991), Value.Of(0L)));

        public static readonly RecordTable Cell = new RecordTable(
            "cell",
            Payload.None,
            Field.Required("end", Kind.Integer(0, 9007199254740991, 1920)),
            Field.Required("cell", Kind.Bytes(1, 16384)),
            Field.Required("last_event", Kind.Integer(0, 9007199254740991)));

        public static readonly RecordTable Clock = new RecordTable(
            "clock",
            Payload.None,
            Field.Required("start", Kind.Integer(0, 9007199254740991)),
            Field.Required("end", Kind.Integer(0, 9007199254740991)),
            Field.Required("tempo_bpm", Kind.Real(1, 1000)),
            Field.Required("meter", Kind.Integer(1, 16)),
            Field.Required("exact", Kind.Boolean()),
            Field.Required("beats", Kind.ListOf(Kind.RecordOf(Beat), 0, 256)),
            Field.Optional("groups", Kind.ListOf(Kind.Integer(2, 4), 0, 8), EmptyList));

        public static readonly RecordTable Stinger = new RecordTable(
            "stinger",
            Payload.Optional,
            Field.Required("id", Kind.Integer(1, 9007199254740991)),
            Field.Required("name", Kind.Text(1, 64)),
            Field.Required("kind", Kind.Word("scheduled", "placed", "cancelled", "dropped")),
            Field.Required("start", Kind.Integer(0, 9007199254740991)),
            Field.Optional("total", Kind.Integer(0, 2880000), Value.Of(0L)),
            Field.Optional("offset", Kind.Integer(0, 2880000), Value.Of(0L)),
            Field.Optional("count", Kind.Integer(0, 480000), Value.Of(0L)),
            Field.Optional("format", Kind.Word("f32le", "s16le"), Value.Of("f32le")),
            Field.Optional("gain_db", Kind.Real(-96, 12), Value.Of(0.0d)),
            Field.Optional("duck", Kind.RecordOf(DuckInfo)),
            Field.Optional("if_late", Kind.Word("drop", "play"), Value.Of("drop")),
            Field.Optional("reason", Kind.Text(0, 1024), Value.Of("")));

        public static readonly RecordTable Saved = new RecordTable(
            "saved",
            Payload.None,
            Field.Required("id", Kind.Integer(1, 9007199254740991)),
            Field.Required("position", Kind.Integer(0, 9007199254740991)),
            Field.Required("blob", Kind.Bytes(1, 65536)));

        public static readonly RecordTable Status = new RecordTable(
            "status",
            Payload.None,
            Field.Required("level", Kind.Integer(0, 15)),
            Field.Required("generator", Kind.Text(1, 64)),
            Field.Required("headroom", Kind.Real(0, 1000000.0)),
            Field.Optional("at", Kind.Integer(0, 9007199254740991), Value.Of(0L)),
            Field.Optional("reason", Kind.Text(0, 1024), Value.Of("")),
            Field.Optional("restore", Kind.Integer(0, 9007199254740991), Value.Of(0L)),
            Field.Optional("restored", Kind.Word("", "all", "rules", "nothing"), Value.Of("")),
            Field.Optional("last_event", Kind.Integer(0, 9007199254740991), Value.Of(0L)));

        /// <summary>The table of a message's type, or null.</summary>
        public static RecordTable? Find(string type)
        {
            switch (type)
            {
                case "hello":
                    return Hello;
                case "event":
                    return Event;
                case "playhead":
                    return Playhead;
                case "save":
                    return Save;
                case "restore":
                    return Restore;
                case "control":
                    return Control;
                case "error":
                    return Error;
                case "bye":
                    return Bye;
                case "welcome":
                    return Welcome;
                case "rules":
                    return Rules;
                case "receipt":
                    return Receipt;
                case "change":
                    return Change;
                case "chunk":
                    return Chunk;
                case "cell":
                    return Cell;
                case "clock":
                    return Clock;
                case "stinger":
                    return Stinger;
                case "saved":
                    return Saved;
                case "status":
                    return Status;
                default:
                    return null;
            }
        }
    }
}
