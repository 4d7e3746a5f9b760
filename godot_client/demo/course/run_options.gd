extends RefCounted
## The words after `--` on the command line: `--attract`, `--speed=3`, `--report=FILE`,
## `--pictures=FOLDER`, `--quit`.

## Whether the demo plays itself from the start.
var attract := false
## How much faster the game runs; the music keeps its time.
var speed := 1.0
## A file that gets a line of JSON for everything that is heard; empty: none.
var report := ""
## A folder that gets a picture of each place; empty: none.
var pictures := ""
## Whether to end after the course.
var quits := false


func _init(words: PackedStringArray) -> void:
	for word in words:
		var parts := word.split("=", true, 1)
		match parts[0]:
			"--attract":
				attract = true
			"--speed":
				speed = clampf(parts[1].to_float(), 0.1, 10.0)
			"--report":
				report = parts[1]
			"--pictures":
				pictures = parts[1]
			"--quit":
				quits = true
			_:
				push_warning("unknown option '%s'" % word)
