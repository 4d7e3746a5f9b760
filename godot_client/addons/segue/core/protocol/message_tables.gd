extends RefCounted
## The fields of every message and of every map inside one: PROTOCOL.md section 5 as data.
##
## A field has a `name`, a `kind` with its limits and, if it is not `required`, its `default` where
## absence means one. Limits left out: `least` 0, `step` 1.

# Written by `python tests/clients/tables.py --write` from the SDK's field table; change that.

const MESSAGES: Array[String] = [
	"hello",
	"event",
	"playhead",
	"save",
	"restore",
	"control",
	"error",
	"bye",
	"welcome",
	"rules",
	"receipt",
	"change",
	"chunk",
	"cell",
	"clock",
	"stinger",
	"saved",
	"status",
]

## Messages with samples: whether they are `required` or `optional`.
const PAYLOADS: Dictionary = {"chunk": "required", "stinger": "optional"}

const RECORDS: Dictionary = {
	"Input":
	[
		{"name": "name", "required": true, "kind": "text", "least": 1, "most": 64},
		{
			"name": "type",
			"required": true,
			"kind": "word",
			"words": ["number", "integer", "choice", "flag", "trigger"]
		},
		{"name": "low", "kind": "real", "low": -9007199254740991, "high": 9007199254740991},
		{"name": "high", "kind": "real", "low": -9007199254740991, "high": 9007199254740991},
		{
			"name": "of",
			"kind": "list",
			"most": 1024,
			"of": {"kind": "text", "least": 1, "most": 64},
			"default": []
		},
		{"name": "default", "kind": "value"},
	],
	"LayerInfo":
	[
		{"name": "name", "required": true, "kind": "text", "least": 1, "most": 64},
		{
			"name": "states",
			"required": true,
			"kind": "list",
			"least": 1,
			"most": 512,
			"of": {"kind": "text", "least": 1, "most": 64}
		},
		{"name": "default", "required": true, "kind": "text", "least": 1, "most": 64},
	],
	"Declaration":
	[
		{"name": "title", "required": true, "kind": "text", "most": 800},
		{"name": "fingerprint", "required": true, "kind": "text", "most": 64},
		{
			"name": "inputs",
			"required": true,
			"kind": "list",
			"most": 256,
			"of": {"kind": "record", "record": "Input"}
		},
		{
			"name": "layers",
			"required": true,
			"kind": "list",
			"most": 64,
			"of": {"kind": "record", "record": "LayerInfo"}
		},
		{
			"name": "styles",
			"required": true,
			"kind": "list",
			"most": 1024,
			"of": {"kind": "text", "least": 1, "most": 64}
		},
		{
			"name": "stingers",
			"kind": "list",
			"most": 128,
			"of": {"kind": "text", "least": 1, "most": 64},
			"default": []
		},
	],
	"Limits":
	[
		{
			"name": "events_per_second",
			"required": true,
			"kind": "integer",
			"low": 1,
			"high": 100000
		},
		{
			"name": "header_bytes",
			"required": true,
			"kind": "integer",
			"low": 1024,
			"high": 9007199254740991
		},
		{
			"name": "blob_bytes",
			"kind": "integer",
			"low": 1024,
			"high": 9007199254740991,
			"default": 65536
		},
	],
	"GeneratorInfo":
	[
		{"name": "name", "required": true, "kind": "text", "least": 1, "most": 64},
		{"name": "model", "kind": "text", "most": 128, "default": ""},
		{"name": "exact_beats", "kind": "boolean", "default": true},
		{
			"name": "controls",
			"kind": "list",
			"most": 16,
			"of": {"kind": "text", "least": 1, "most": 64},
			"default": []
		},
	],
	"EventItem":
	[
		{"name": "seq", "required": true, "kind": "integer", "low": 1, "high": 9007199254740991},
		{"name": "at", "required": true, "kind": "integer", "low": 0, "high": 9007199254740991},
		{"name": "reset", "kind": "boolean", "default": false},
		{"name": "set", "kind": "map", "most": 256, "of": {"kind": "value"}, "default": {}},
		{
			"name": "fire",
			"kind": "list",
			"most": 256,
			"of": {"kind": "text", "least": 1, "most": 64},
			"default": []
		},
	],
	"Cause":
	[
		{"name": "text", "required": true, "kind": "text", "most": 1024},
		{"name": "input", "kind": "text", "most": 64, "default": ""},
		{"name": "value", "kind": "value"},
		{"name": "seq", "kind": "integer", "low": 0, "high": 9007199254740991, "default": 0},
	],
	"Candidate":
	[
		{"name": "state", "required": true, "kind": "text", "least": 1, "most": 64},
		{"name": "reason", "required": true, "kind": "text", "most": 1024},
	],
	"Beat":
	[
		{"name": "at", "required": true, "kind": "integer", "low": 0, "high": 9007199254740991},
		{"name": "bar", "required": true, "kind": "integer", "low": 0, "high": 9007199254740991},
		{"name": "beat", "required": true, "kind": "integer", "low": 0, "high": 15},
	],
	"DuckInfo":
	[
		{"name": "depth_db", "required": true, "kind": "real", "low": -96.0, "high": 0.0},
		{"name": "fade_out", "required": true, "kind": "integer", "low": 0, "high": 2880000},
		{"name": "recovery", "required": true, "kind": "integer", "low": 0, "high": 2880000},
		{"name": "fade_in", "required": true, "kind": "integer", "low": 0, "high": 2880000},
	],
	"hello":
	[
		{
			"name": "versions",
			"required": true,
			"kind": "list",
			"least": 1,
			"most": 16,
			"of": {"kind": "integer", "low": 1, "high": 1000}
		},
		{"name": "client", "required": true, "kind": "text", "most": 128},
		{"name": "format", "kind": "word", "words": ["f32le", "s16le"], "default": "f32le"},
		{"name": "rules_text", "kind": "text", "least": 1, "most": 131072},
		{"name": "rules_name", "kind": "text", "least": 1, "most": 256},
		{"name": "generator", "kind": "text", "least": 1, "most": 64},
		{"name": "seed", "kind": "integer", "low": 0, "high": 9007199254740991},
		{"name": "lookahead_ms", "kind": "integer", "low": 200, "high": 30000},
		{
			"name": "stingers",
			"kind": "word",
			"words": ["separate", "included"],
			"default": "separate"
		},
		{"name": "resume", "kind": "bytes", "least": 16, "most": 64},
		{"name": "last_chunk", "kind": "integer", "low": 0, "high": 9007199254740991, "default": 0},
		{"name": "token", "kind": "text", "least": 1, "most": 255},
	],
	"event":
	[
		{
			"name": "events",
			"required": true,
			"kind": "list",
			"least": 1,
			"most": 64,
			"of": {"kind": "record", "record": "EventItem"}
		},
	],
	"playhead":
	[
		{"name": "played", "required": true, "kind": "integer", "low": 0, "high": 9007199254740991},
		{
			"name": "committed",
			"required": true,
			"kind": "integer",
			"low": 0,
			"high": 9007199254740991
		},
		{"name": "have", "required": true, "kind": "integer", "low": 0, "high": 9007199254740991},
		{"name": "paused", "required": true, "kind": "boolean"},
		{"name": "last_chunk", "kind": "integer", "low": 0, "high": 9007199254740991, "default": 0},
		{"name": "underruns", "kind": "integer", "low": 0, "high": 9007199254740991, "default": 0},
		{"name": "late", "kind": "integer", "low": 0, "high": 9007199254740991, "default": 0},
		{"name": "dropped", "kind": "integer", "low": 0, "high": 9007199254740991, "default": 0},
	],
	"save":
	[
		{"name": "id", "required": true, "kind": "integer", "low": 1, "high": 9007199254740991},
	],
	"restore":
	[
		{"name": "id", "required": true, "kind": "integer", "low": 1, "high": 9007199254740991},
		{"name": "at", "required": true, "kind": "integer", "low": 0, "high": 9007199254740991},
		{"name": "take", "required": true, "kind": "integer", "low": 0, "high": 9007199254740991},
		{"name": "blob", "kind": "bytes", "least": 1, "most": 65536},
		{"name": "cell", "kind": "bytes", "least": 1, "most": 16384},
	],
	"control":
	[
		{
			"name": "op",
			"required": true,
			"kind": "word",
			"words": ["pause", "resume", "volume", "mute", "unmute", "rules", "generator"]
		},
		{"name": "gain_db", "kind": "real", "low": -96.0, "high": 12.0},
		{"name": "ramp_ms", "kind": "integer", "low": 0, "high": 60000, "default": 0},
		{"name": "rules_text", "kind": "text", "least": 1, "most": 131072},
		{"name": "rules_name", "kind": "text", "least": 1, "most": 256},
		{"name": "generator", "kind": "text", "least": 1, "most": 64},
		{"name": "text", "kind": "text", "most": 1024, "default": ""},
	],
	"error":
	[
		{"name": "code", "required": true, "kind": "text", "least": 1, "most": 64},
		{"name": "text", "kind": "text", "most": 1024, "default": ""},
		{"name": "about", "kind": "text", "most": 64, "default": ""},
		{"name": "seq", "kind": "integer", "low": 0, "high": 9007199254740991, "default": 0},
	],
	"bye":
	[
		{"name": "reason", "required": true, "kind": "text", "least": 1, "most": 64},
		{"name": "text", "kind": "text", "most": 1024, "default": ""},
		{"name": "retry_ms", "kind": "integer", "low": 0, "high": 3600000},
	],
	"welcome":
	[
		{"name": "version", "required": true, "kind": "integer", "low": 1, "high": 1000},
		{"name": "session", "required": true, "kind": "text", "least": 1, "most": 64},
		{"name": "key", "required": true, "kind": "bytes", "least": 16, "most": 64},
		{"name": "resumed", "required": true, "kind": "boolean"},
		{"name": "service", "required": true, "kind": "text", "most": 128},
		{"name": "format", "required": true, "kind": "word", "words": ["f32le", "s16le"]},
		{"name": "sample_rate", "required": true, "kind": "integer", "low": 48000, "high": 48000},
		{"name": "channels", "required": true, "kind": "integer", "low": 2, "high": 2},
		{"name": "frame_size", "required": true, "kind": "integer", "low": 1920, "high": 1920},
		{"name": "lookahead_ms", "required": true, "kind": "integer", "low": 200, "high": 30000},
		{"name": "chunk_frames", "required": true, "kind": "integer", "low": 1, "high": 250},
		{
			"name": "resume_window_ms",
			"required": true,
			"kind": "integer",
			"low": 0,
			"high": 86400000
		},
		{
			"name": "paused_window_ms",
			"required": true,
			"kind": "integer",
			"low": 0,
			"high": 86400000
		},
		{"name": "seed", "required": true, "kind": "integer", "low": 0, "high": 9007199254740991},
		{"name": "generator", "required": true, "kind": "record", "record": "GeneratorInfo"},
		{"name": "limits", "required": true, "kind": "record", "record": "Limits"},
		{"name": "rules", "required": true, "kind": "record", "record": "Declaration"},
	],
	"rules":
	[
		{"name": "declaration", "kind": "record", "record": "Declaration"},
		{
			"name": "errors",
			"kind": "list",
			"most": 256,
			"of": {"kind": "text", "most": 1024},
			"default": []
		},
	],
	"receipt":
	[
		{"name": "seq", "required": true, "kind": "integer", "low": 1, "high": 9007199254740991},
		{"name": "accepted", "required": true, "kind": "boolean"},
		{"name": "code", "required": true, "kind": "text", "least": 1, "most": 64},
		{"name": "frame", "required": true, "kind": "integer", "low": 0, "high": 9007199254740991},
		{"name": "text", "kind": "text", "most": 1024, "default": ""},
	],
	"change":
	[
		{
			"name": "kind",
			"required": true,
			"kind": "word",
			"words": ["decided", "rendered", "withdrawn"]
		},
		{"name": "layer", "required": true, "kind": "text", "least": 1, "most": 64},
		{"name": "from_state", "required": true, "kind": "text", "least": 1, "most": 64},
		{"name": "to_state", "required": true, "kind": "text", "least": 1, "most": 64},
		{
			"name": "decided",
			"required": true,
			"kind": "integer",
			"low": 0,
			"high": 9007199254740991
		},
		{"name": "start", "required": true, "kind": "integer", "low": 0, "high": 9007199254740991},
		{
			"name": "audible",
			"required": true,
			"kind": "integer",
			"low": 0,
			"high": 9007199254740991
		},
		{
			"name": "ramp_frames",
			"kind": "integer",
			"low": 0,
			"high": 9007199254740991,
			"default": 0
		},
		{"name": "at", "kind": "text", "most": 64, "default": "immediate"},
		{
			"name": "causes",
			"kind": "list",
			"most": 64,
			"of": {"kind": "record", "record": "Cause"},
			"default": []
		},
		{
			"name": "candidates",
			"kind": "list",
			"most": 128,
			"of": {"kind": "record", "record": "Candidate"},
			"default": []
		},
		{
			"name": "clips",
			"kind": "list",
			"most": 16,
			"of": {"kind": "text", "least": 1, "most": 64},
			"default": []
		},
	],
	"chunk":
	[
		{"name": "seq", "required": true, "kind": "integer", "low": 1, "high": 9007199254740991},
		{"name": "take", "required": true, "kind": "integer", "low": 0, "high": 9007199254740991},
		{
			"name": "start",
			"required": true,
			"kind": "integer",
			"low": 0,
			"high": 9007199254740991,
			"step": 1920
		},
		{
			"name": "count",
			"required": true,
			"kind": "integer",
			"low": 1920,
			"high": 480000,
			"step": 1920
		},
		{"name": "mixed", "required": true, "kind": "boolean"},
		{"name": "format", "required": true, "kind": "word", "words": ["f32le", "s16le"]},
		{"name": "generator", "required": true, "kind": "text", "least": 1, "most": 64},
		{"name": "reason", "kind": "text", "least": 1, "most": 64, "default": "extend"},
		{
			"name": "states",
			"kind": "map",
			"most": 64,
			"of": {"kind": "text", "least": 1, "most": 64},
			"default": {}
		},
		{
			"name": "mix",
			"kind": "map",
			"most": 1024,
			"of": {"kind": "real", "low": 0.0, "high": 1.0},
			"default": {}
		},
		{"name": "cell", "kind": "bytes", "least": 1, "most": 16384},
		{"name": "last_event", "kind": "integer", "low": 0, "high": 9007199254740991, "default": 0},
	],
	"cell":
	[
		{
			"name": "end",
			"required": true,
			"kind": "integer",
			"low": 0,
			"high": 9007199254740991,
			"step": 1920
		},
		{"name": "cell", "required": true, "kind": "bytes", "least": 1, "most": 16384},
		{
			"name": "last_event",
			"required": true,
			"kind": "integer",
			"low": 0,
			"high": 9007199254740991
		},
	],
	"clock":
	[
		{"name": "start", "required": true, "kind": "integer", "low": 0, "high": 9007199254740991},
		{"name": "end", "required": true, "kind": "integer", "low": 0, "high": 9007199254740991},
		{"name": "tempo_bpm", "required": true, "kind": "real", "low": 1.0, "high": 1000.0},
		{"name": "meter", "required": true, "kind": "integer", "low": 1, "high": 16},
		{"name": "exact", "required": true, "kind": "boolean"},
		{
			"name": "beats",
			"required": true,
			"kind": "list",
			"most": 256,
			"of": {"kind": "record", "record": "Beat"}
		},
		{
			"name": "groups",
			"kind": "list",
			"most": 8,
			"of": {"kind": "integer", "low": 2, "high": 4},
			"default": []
		},
	],
	"stinger":
	[
		{"name": "id", "required": true, "kind": "integer", "low": 1, "high": 9007199254740991},
		{"name": "name", "required": true, "kind": "text", "least": 1, "most": 64},
		{
			"name": "kind",
			"required": true,
			"kind": "word",
			"words": ["scheduled", "placed", "cancelled", "dropped"]
		},
		{"name": "start", "required": true, "kind": "integer", "low": 0, "high": 9007199254740991},
		{"name": "total", "kind": "integer", "low": 0, "high": 2880000, "default": 0},
		{"name": "offset", "kind": "integer", "low": 0, "high": 2880000, "default": 0},
		{"name": "count", "kind": "integer", "low": 0, "high": 480000, "default": 0},
		{"name": "format", "kind": "word", "words": ["f32le", "s16le"], "default": "f32le"},
		{"name": "gain_db", "kind": "real", "low": -96.0, "high": 12.0, "default": 0.0},
		{"name": "duck", "kind": "record", "record": "DuckInfo"},
		{"name": "if_late", "kind": "word", "words": ["drop", "play"], "default": "drop"},
		{"name": "reason", "kind": "text", "most": 1024, "default": ""},
	],
	"saved":
	[
		{"name": "id", "required": true, "kind": "integer", "low": 1, "high": 9007199254740991},
		{
			"name": "position",
			"required": true,
			"kind": "integer",
			"low": 0,
			"high": 9007199254740991
		},
		{"name": "blob", "required": true, "kind": "bytes", "least": 1, "most": 65536},
	],
	"status":
	[
		{"name": "level", "required": true, "kind": "integer", "low": 0, "high": 15},
		{"name": "generator", "required": true, "kind": "text", "least": 1, "most": 64},
		{"name": "headroom", "required": true, "kind": "real", "low": 0.0, "high": 1000000.0},
		{"name": "at", "kind": "integer", "low": 0, "high": 9007199254740991, "default": 0},
		{"name": "reason", "kind": "text", "most": 1024, "default": ""},
		{"name": "restore", "kind": "integer", "low": 0, "high": 9007199254740991, "default": 0},
		{
			"name": "restored",
			"kind": "word",
			"words": ["", "all", "rules", "nothing"],
			"default": ""
		},
		{"name": "last_event", "kind": "integer", "low": 0, "high": 9007199254740991, "default": 0},
	],
}
