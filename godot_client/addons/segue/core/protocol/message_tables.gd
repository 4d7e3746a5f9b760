extends RefCounted
## The fields of every message and of every map inside one: PROTOCOL.md section 5 as data.
##
## A field has a `name`, a `kind` with its limits and, if it is not `required`, its `default` where absence means one.

# Written by `python tests/clients/tables.py --write` from the SDK's field table; change that.
# gdlint: disable=max-line-length

const MESSAGES: Array[String] = ["hello", "event", "playhead", "save", "restore", "control", "error", "bye", "welcome", "rules", "receipt", "change", "chunk", "clock", "stinger", "saved", "status"]

## Messages with samples: whether they are `required` or `optional`.
const PAYLOADS: Dictionary = {"chunk": "required", "stinger": "optional"}

const RECORDS: Dictionary = {
	"Input":
	[
		{"name": "name", "required": true, "kind": "text", "least": 1, "most": 64},
		{"name": "type", "required": true, "kind": "word", "words": ["number", "integer", "choice", "flag", "trigger"]},
		{"name": "low", "required": false, "kind": "real", "low": -9007199254740992.0, "high": 9007199254740992.0},
		{"name": "high", "required": false, "kind": "real", "low": -9007199254740992.0, "high": 9007199254740992.0},
		{"name": "of", "required": false, "kind": "list", "least": 0, "most": 256, "of": {"kind": "text", "least": 1, "most": 64}, "default": []},
		{"name": "default", "required": false, "kind": "value"},
	],
	"LayerInfo":
	[
		{"name": "name", "required": true, "kind": "text", "least": 1, "most": 64},
		{"name": "states", "required": true, "kind": "list", "least": 1, "most": 128, "of": {"kind": "text", "least": 1, "most": 64}},
		{"name": "default", "required": true, "kind": "text", "least": 1, "most": 64},
	],
	"Declaration":
	[
		{"name": "title", "required": true, "kind": "text", "least": 0, "most": 800},
		{"name": "fingerprint", "required": true, "kind": "text", "least": 0, "most": 64},
		{"name": "inputs", "required": true, "kind": "list", "least": 0, "most": 256, "of": {"kind": "record", "record": "Input"}},
		{"name": "layers", "required": true, "kind": "list", "least": 0, "most": 64, "of": {"kind": "record", "record": "LayerInfo"}},
		{"name": "styles", "required": true, "kind": "list", "least": 0, "most": 256, "of": {"kind": "text", "least": 1, "most": 64}},
		{"name": "stingers", "required": false, "kind": "list", "least": 0, "most": 128, "of": {"kind": "text", "least": 1, "most": 64}, "default": []},
	],
	"Limits":
	[
		{"name": "events_per_second", "required": true, "kind": "integer", "low": 1, "high": 100000, "step": 1},
		{"name": "header_bytes", "required": true, "kind": "integer", "low": 1024, "high": 9007199254740992, "step": 1},
		{"name": "blob_bytes", "required": false, "kind": "integer", "low": 1024, "high": 9007199254740992, "step": 1, "default": 65536},
	],
	"GeneratorInfo":
	[
		{"name": "name", "required": true, "kind": "text", "least": 1, "most": 64},
		{"name": "model", "required": false, "kind": "text", "least": 0, "most": 128, "default": ""},
		{"name": "exact_beats", "required": false, "kind": "boolean", "default": true},
		{"name": "controls", "required": false, "kind": "list", "least": 0, "most": 16, "of": {"kind": "text", "least": 1, "most": 64}, "default": []},
	],
	"EventItem":
	[
		{"name": "seq", "required": true, "kind": "integer", "low": 1, "high": 9007199254740992, "step": 1},
		{"name": "at", "required": true, "kind": "integer", "low": 0, "high": 9007199254740992, "step": 1},
		{"name": "set", "required": false, "kind": "map", "most": 256, "of": {"kind": "value"}, "default": {}},
		{"name": "fire", "required": false, "kind": "list", "least": 0, "most": 256, "of": {"kind": "text", "least": 1, "most": 64}, "default": []},
	],
	"Cause":
	[
		{"name": "text", "required": true, "kind": "text", "least": 0, "most": 1024},
		{"name": "input", "required": false, "kind": "text", "least": 0, "most": 64, "default": ""},
		{"name": "value", "required": false, "kind": "value"},
		{"name": "seq", "required": false, "kind": "integer", "low": 0, "high": 9007199254740992, "step": 1, "default": 0},
	],
	"Candidate":
	[
		{"name": "state", "required": true, "kind": "text", "least": 1, "most": 64},
		{"name": "reason", "required": true, "kind": "text", "least": 0, "most": 1024},
	],
	"Beat":
	[
		{"name": "at", "required": true, "kind": "integer", "low": 0, "high": 9007199254740992, "step": 1},
		{"name": "bar", "required": true, "kind": "integer", "low": 0, "high": 9007199254740992, "step": 1},
		{"name": "beat", "required": true, "kind": "integer", "low": 0, "high": 15, "step": 1},
	],
	"DuckInfo":
	[
		{"name": "depth_db", "required": true, "kind": "real", "low": -96.0, "high": 0.0},
		{"name": "fade_out", "required": true, "kind": "integer", "low": 0, "high": 2880000, "step": 1},
		{"name": "recovery", "required": true, "kind": "integer", "low": 0, "high": 2880000, "step": 1},
		{"name": "fade_in", "required": true, "kind": "integer", "low": 0, "high": 2880000, "step": 1},
	],
	"hello":
	[
		{"name": "versions", "required": true, "kind": "list", "least": 1, "most": 16, "of": {"kind": "integer", "low": 1, "high": 1000, "step": 1}},
		{"name": "client", "required": true, "kind": "text", "least": 0, "most": 128},
		{"name": "format", "required": false, "kind": "word", "words": ["f32le", "s16le"], "default": "f32le"},
		{"name": "rules_text", "required": false, "kind": "text", "least": 1, "most": 131072},
		{"name": "rules_name", "required": false, "kind": "text", "least": 1, "most": 256},
		{"name": "generator", "required": false, "kind": "text", "least": 1, "most": 64},
		{"name": "seed", "required": false, "kind": "integer", "low": 0, "high": 9007199254740992, "step": 1},
		{"name": "lookahead_ms", "required": false, "kind": "integer", "low": 200, "high": 30000, "step": 1},
		{"name": "resume", "required": false, "kind": "bytes", "least": 16, "most": 64},
		{"name": "last_chunk", "required": false, "kind": "integer", "low": 0, "high": 9007199254740992, "step": 1, "default": 0},
	],
	"event":
	[
		{"name": "events", "required": true, "kind": "list", "least": 1, "most": 64, "of": {"kind": "record", "record": "EventItem"}},
	],
	"playhead":
	[
		{"name": "played", "required": true, "kind": "integer", "low": 0, "high": 9007199254740992, "step": 1},
		{"name": "committed", "required": true, "kind": "integer", "low": 0, "high": 9007199254740992, "step": 1},
		{"name": "have", "required": true, "kind": "integer", "low": 0, "high": 9007199254740992, "step": 1},
		{"name": "paused", "required": true, "kind": "boolean"},
		{"name": "last_chunk", "required": false, "kind": "integer", "low": 0, "high": 9007199254740992, "step": 1, "default": 0},
		{"name": "underruns", "required": false, "kind": "integer", "low": 0, "high": 9007199254740992, "step": 1, "default": 0},
		{"name": "late", "required": false, "kind": "integer", "low": 0, "high": 9007199254740992, "step": 1, "default": 0},
		{"name": "dropped", "required": false, "kind": "integer", "low": 0, "high": 9007199254740992, "step": 1, "default": 0},
	],
	"save":
	[
		{"name": "id", "required": true, "kind": "integer", "low": 1, "high": 9007199254740992, "step": 1},
	],
	"restore":
	[
		{"name": "id", "required": true, "kind": "integer", "low": 1, "high": 9007199254740992, "step": 1},
		{"name": "at", "required": true, "kind": "integer", "low": 0, "high": 9007199254740992, "step": 1},
		{"name": "take", "required": true, "kind": "integer", "low": 0, "high": 9007199254740992, "step": 1},
		{"name": "blob", "required": false, "kind": "bytes", "least": 1, "most": 65536},
		{"name": "cell", "required": false, "kind": "bytes", "least": 1, "most": 16384},
	],
	"control":
	[
		{"name": "op", "required": true, "kind": "word", "words": ["pause", "resume", "volume", "mute", "unmute", "rules", "generator", "reset"]},
		{"name": "gain_db", "required": false, "kind": "real", "low": -96.0, "high": 12.0},
		{"name": "ramp_ms", "required": false, "kind": "integer", "low": 0, "high": 60000, "step": 1, "default": 0},
		{"name": "rules_text", "required": false, "kind": "text", "least": 1, "most": 131072},
		{"name": "rules_name", "required": false, "kind": "text", "least": 1, "most": 256},
		{"name": "generator", "required": false, "kind": "text", "least": 1, "most": 64},
		{"name": "text", "required": false, "kind": "text", "least": 0, "most": 1024, "default": ""},
	],
	"error":
	[
		{"name": "code", "required": true, "kind": "text", "least": 1, "most": 64},
		{"name": "text", "required": false, "kind": "text", "least": 0, "most": 1024, "default": ""},
		{"name": "about", "required": false, "kind": "text", "least": 0, "most": 64, "default": ""},
		{"name": "seq", "required": false, "kind": "integer", "low": 0, "high": 9007199254740992, "step": 1, "default": 0},
	],
	"bye":
	[
		{"name": "reason", "required": true, "kind": "text", "least": 1, "most": 64},
		{"name": "text", "required": false, "kind": "text", "least": 0, "most": 1024, "default": ""},
		{"name": "retry_ms", "required": false, "kind": "integer", "low": 0, "high": 3600000, "step": 1},
	],
	"welcome":
	[
		{"name": "version", "required": true, "kind": "integer", "low": 1, "high": 1000, "step": 1},
		{"name": "session", "required": true, "kind": "text", "least": 1, "most": 64},
		{"name": "token", "required": true, "kind": "bytes", "least": 16, "most": 64},
		{"name": "resumed", "required": true, "kind": "boolean"},
		{"name": "service", "required": true, "kind": "text", "least": 0, "most": 128},
		{"name": "format", "required": true, "kind": "word", "words": ["f32le", "s16le"]},
		{"name": "sample_rate", "required": true, "kind": "integer", "low": 48000, "high": 48000, "step": 1},
		{"name": "channels", "required": true, "kind": "integer", "low": 2, "high": 2, "step": 1},
		{"name": "frame_size", "required": true, "kind": "integer", "low": 1920, "high": 1920, "step": 1},
		{"name": "lookahead_ms", "required": true, "kind": "integer", "low": 200, "high": 30000, "step": 1},
		{"name": "chunk_frames", "required": true, "kind": "integer", "low": 1, "high": 250, "step": 1},
		{"name": "resume_window_ms", "required": true, "kind": "integer", "low": 0, "high": 86400000, "step": 1},
		{"name": "paused_window_ms", "required": true, "kind": "integer", "low": 0, "high": 86400000, "step": 1},
		{"name": "seed", "required": true, "kind": "integer", "low": 0, "high": 9007199254740992, "step": 1},
		{"name": "last_event", "required": true, "kind": "integer", "low": 0, "high": 9007199254740992, "step": 1},
		{"name": "generator", "required": true, "kind": "record", "record": "GeneratorInfo"},
		{"name": "limits", "required": true, "kind": "record", "record": "Limits"},
		{"name": "rules", "required": true, "kind": "record", "record": "Declaration"},
	],
	"rules":
	[
		{"name": "declaration", "required": false, "kind": "record", "record": "Declaration"},
		{"name": "errors", "required": false, "kind": "list", "least": 0, "most": 256, "of": {"kind": "text", "least": 0, "most": 1024}, "default": []},
	],
	"receipt":
	[
		{"name": "seq", "required": true, "kind": "integer", "low": 1, "high": 9007199254740992, "step": 1},
		{"name": "accepted", "required": true, "kind": "boolean"},
		{"name": "code", "required": true, "kind": "text", "least": 1, "most": 64},
		{"name": "frame", "required": true, "kind": "integer", "low": 0, "high": 9007199254740992, "step": 1},
		{"name": "text", "required": false, "kind": "text", "least": 0, "most": 1024, "default": ""},
	],
	"change":
	[
		{"name": "kind", "required": true, "kind": "word", "words": ["scheduled", "started", "withdrawn"]},
		{"name": "layer", "required": true, "kind": "text", "least": 1, "most": 64},
		{"name": "from_state", "required": true, "kind": "text", "least": 1, "most": 64},
		{"name": "to_state", "required": true, "kind": "text", "least": 1, "most": 64},
		{"name": "decided", "required": true, "kind": "integer", "low": 0, "high": 9007199254740992, "step": 1},
		{"name": "start", "required": true, "kind": "integer", "low": 0, "high": 9007199254740992, "step": 1},
		{"name": "audible", "required": true, "kind": "integer", "low": 0, "high": 9007199254740992, "step": 1},
		{"name": "ramp_frames", "required": false, "kind": "integer", "low": 0, "high": 9007199254740992, "step": 1, "default": 0},
		{"name": "at", "required": false, "kind": "text", "least": 0, "most": 64, "default": "immediate"},
		{"name": "causes", "required": false, "kind": "list", "least": 0, "most": 64, "of": {"kind": "record", "record": "Cause"}, "default": []},
		{"name": "candidates", "required": false, "kind": "list", "least": 0, "most": 128, "of": {"kind": "record", "record": "Candidate"}, "default": []},
	],
	"chunk":
	[
		{"name": "seq", "required": true, "kind": "integer", "low": 1, "high": 9007199254740992, "step": 1},
		{"name": "take", "required": true, "kind": "integer", "low": 0, "high": 9007199254740992, "step": 1},
		{"name": "start", "required": true, "kind": "integer", "low": 0, "high": 9007199254740992, "step": 1920},
		{"name": "count", "required": true, "kind": "integer", "low": 1920, "high": 480000, "step": 1920},
		{"name": "mixed", "required": true, "kind": "boolean"},
		{"name": "format", "required": true, "kind": "word", "words": ["f32le", "s16le"]},
		{"name": "generator", "required": true, "kind": "text", "least": 1, "most": 64},
		{"name": "reason", "required": false, "kind": "text", "least": 1, "most": 64, "default": "extend"},
		{"name": "states", "required": false, "kind": "map", "most": 64, "of": {"kind": "text", "least": 1, "most": 64}, "default": {}},
		{"name": "mix", "required": false, "kind": "map", "most": 256, "of": {"kind": "real", "low": 0.0, "high": 1.0}, "default": {}},
		{"name": "loudness_lufs", "required": false, "kind": "real", "low": -120.0, "high": 24.0},
		{"name": "cell", "required": false, "kind": "bytes", "least": 1, "most": 16384},
	],
	"clock":
	[
		{"name": "start", "required": true, "kind": "integer", "low": 0, "high": 9007199254740992, "step": 1},
		{"name": "end", "required": true, "kind": "integer", "low": 0, "high": 9007199254740992, "step": 1},
		{"name": "tempo_bpm", "required": true, "kind": "real", "low": 1.0, "high": 1000.0},
		{"name": "meter", "required": true, "kind": "integer", "low": 1, "high": 16, "step": 1},
		{"name": "exact", "required": true, "kind": "boolean"},
		{"name": "beats", "required": true, "kind": "list", "least": 0, "most": 256, "of": {"kind": "record", "record": "Beat"}},
	],
	"stinger":
	[
		{"name": "id", "required": true, "kind": "integer", "low": 1, "high": 9007199254740992, "step": 1},
		{"name": "name", "required": true, "kind": "text", "least": 1, "most": 64},
		{"name": "kind", "required": true, "kind": "word", "words": ["scheduled", "placed", "cancelled", "dropped"]},
		{"name": "start", "required": true, "kind": "integer", "low": 0, "high": 9007199254740992, "step": 1},
		{"name": "total", "required": false, "kind": "integer", "low": 0, "high": 2880000, "step": 1, "default": 0},
		{"name": "offset", "required": false, "kind": "integer", "low": 0, "high": 2880000, "step": 1, "default": 0},
		{"name": "count", "required": false, "kind": "integer", "low": 0, "high": 480000, "step": 1, "default": 0},
		{"name": "format", "required": false, "kind": "word", "words": ["f32le", "s16le"], "default": "f32le"},
		{"name": "gain_db", "required": false, "kind": "real", "low": -96.0, "high": 12.0, "default": 0.0},
		{"name": "duck", "required": false, "kind": "record", "record": "DuckInfo"},
		{"name": "if_late", "required": false, "kind": "word", "words": ["drop", "play"], "default": "drop"},
		{"name": "reason", "required": false, "kind": "text", "least": 0, "most": 1024, "default": ""},
	],
	"saved":
	[
		{"name": "id", "required": true, "kind": "integer", "low": 1, "high": 9007199254740992, "step": 1},
		{"name": "position", "required": true, "kind": "integer", "low": 0, "high": 9007199254740992, "step": 1},
		{"name": "blob", "required": true, "kind": "bytes", "least": 1, "most": 65536},
	],
	"status":
	[
		{"name": "rung", "required": true, "kind": "integer", "low": 0, "high": 15, "step": 1},
		{"name": "generator", "required": true, "kind": "text", "least": 1, "most": 64},
		{"name": "headroom", "required": true, "kind": "real", "low": 0.0, "high": 1000000.0},
		{"name": "at", "required": false, "kind": "integer", "low": 0, "high": 9007199254740992, "step": 1, "default": 0},
		{"name": "reason", "required": false, "kind": "text", "least": 0, "most": 1024, "default": ""},
		{"name": "restore", "required": false, "kind": "integer", "low": 0, "high": 9007199254740992, "step": 1, "default": 0},
		{"name": "restored", "required": false, "kind": "word", "words": ["", "all", "rules", "nothing"], "default": ""},
	],
}
