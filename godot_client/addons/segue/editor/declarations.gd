@tool
extends RefCounted
## What the project's rule files declare, known without a running service: `segue describe` is run
## in the background when a file has changed, and its answers are kept in `.godot`.

## The declarations or problems of some files have changed.
signal changed

const Settings := preload("settings.gd")
const SimilarNames := preload("../core/session/similar_names.gd")

const CACHE := "res://.godot/segue/declarations.json"

## The version of `segue describe` that is understood.
const VERSION := 1

## What the editor keeps of names while a file is so wrong that some cannot be read.
const _NAMES := ["inputs", "styles", "layers", "stingers"]

## Of a file that is larger, the time and the size tell whether it has changed.
const _MOST_DIGESTED := 1048576

## Why the files cannot be described; empty: they can.
var error := ""

## By path of the rule file: the object of `segue describe`. Files that others include have none.
var _described := {}
## By path of each file that was read: what tells whether it has changed.
var _stamps := {}
## The rule files outside the folder of the project settings that nodes play.
var _others := {}
var _thread: Thread


func _init() -> void:
	var kept: Variant = JSON.parse_string(
		FileAccess.get_file_as_string(CACHE) if FileAccess.file_exists(CACHE) else "{}"
	)
	if kept is Dictionary and kept.get("version") == float(VERSION):
		_described = kept["described"]
		_stamps = kept["stamps"]


## Describes what has changed, in the background. Call it now and then.
func refresh() -> void:
	if _thread != null:
		if _thread.is_alive():
			return
		_take(_thread.wait_to_finish())
		_thread = null
	var files := Settings.rule_files()
	for other: String in _others:
		if not other in files and FileAccess.file_exists(other):
			files.append(other)
	var stamps := _stamps_of(Array(files))
	if stamps == _stamps:
		return
	if files.is_empty():
		_take({"stamps": stamps, "described": {}})
		return
	var program := Settings.program()
	if program.is_empty():
		# The dock says so, and what was known stays.
		return
	_thread = Thread.new()
	_thread.start(_describe.bind(program, files, stamps))


## Lets a rule file be described that a node plays, wherever it lies.
func include(path: String) -> void:
	if FileAccess.file_exists(path) and Settings.is_rule_file(path):
		_others[path] = true


## Waits for the background.
func close() -> void:
	if _thread != null:
		_thread.wait_to_finish()
		_thread = null


## The rule files, sorted.
func paths() -> Array:
	var found := _described.keys()
	found.sort()
	return found


## The object of `segue describe`; empty: not known.
func of(path: String) -> Dictionary:
	return _described.get(path, {})


## The declared inputs and triggers, each a Dictionary, of one rule file or of all (an empty path).
func inputs(path: String) -> Array:
	return _all(path, "inputs")


## The names of a kind with their places: `input`, `trigger`, `layer` or `state`. path: as of
## `inputs`. layer: whose states; empty: those of all.
func places(kind: String, path: String, layer: String = "") -> Dictionary:
	var found := {}
	if kind == "layer" or kind == "state":
		for each: Dictionary in _all(path, "layers"):
			if kind == "layer":
				found[each["name"]] = each
			elif layer.is_empty() or each["name"] == layer:
				for state: Dictionary in each["states"]:
					found[state["name"]] = state
		return found
	for each in inputs(path):
		if (each["type"] == "trigger") == (kind == "trigger"):
			found[each["name"]] = each
	return found


## What is wrong with a value of an input; empty: nothing, or it is not known.
func fault_of_value(input: String, text: String, path: String) -> String:
	var declared: Dictionary = places("input", path).get(input, {})
	match declared.get("type", ""):
		"choice":
			return fault_of_name(text, declared["of"])
		"flag":
			return "" if text in ["true", "false"] else "expected true or false"
		"number", "integer":
			var low: float = declared["low"]
			var high: float = declared["high"]
			var is_within := text.to_float() >= low and text.to_float() <= high
			if not text.is_valid_float() or not is_within:
				return "expected %s to %s" % [_short(low), _short(high)]
	return ""


## What is wrong with a name; empty: nothing. known: the names that there are.
static func fault_of_name(name: String, known: Array) -> String:
	if name.is_empty() or name in known or known.is_empty():
		return ""
	var meant := SimilarNames.closest(name, known)
	return "unknown" if meant.is_empty() else "unknown; did you mean '%s'?" % meant


## The mistakes of a rule file and of the files that it includes, as of `segue describe`.
func mistakes(path: String) -> Array:
	return of(path).get("problems", []).filter(
		func(problem: Dictionary) -> bool: return problem["severity"] == "error"
	)


## What is wrong with a rule file that a player plays; empty: nothing.
func fault_of_file(path: String) -> String:
	if path.is_empty():
		return ""
	if not FileAccess.file_exists(path):
		var meant := SimilarNames.closest(path, paths())
		return (
			"there is no such file" + ("" if meant.is_empty() else "; did you mean '%s'?" % meant)
		)
	if not Settings.is_rule_file(path):
		return "no rule file: those have the line 'segue: 1', and neither tests nor events"
	var wrong := mistakes(path)
	if not wrong.is_empty():
		var more := "" if wrong.size() == 1 else " (and %d more)" % (wrong.size() - 1)
		return text_of(wrong[0]) + more
	var folder := Settings.value(Settings.RULES_FOLDER)
	if path.get_base_dir() != folder.trim_suffix("/"):
		return "an exported game finds rule files only if they lie in %s" % folder
	return ""


func _all(path: String, field: String) -> Array:
	var found := []
	for each: String in paths() if path.is_empty() else [path]:
		found.append_array(of(each).get(field, []))
	return found


## On the thread. All files together: one that another includes is a part of that.
static func _describe(program: String, files: PackedStringArray, stamps: Dictionary) -> Dictionary:
	var words := PackedStringArray(["describe"])
	for path in files:
		words.append(ProjectSettings.globalize_path(path))
	var output := []
	OS.execute(program, words, output)
	var found := {}
	for line: String in str(output[0]).split("\n", false):
		var described: Variant = JSON.parse_string(line)
		var is_known: bool = described is Dictionary and described.get("version") == float(VERSION)
		var at := words.find(described["file"]) - 1 if is_known else -1
		if at >= 0:
			found[files[at]] = described
	return {"stamps": stamps, "described": found}


func _take(found: Dictionary) -> void:
	_stamps = found["stamps"]
	error = ""
	if found["described"].is_empty() and not _stamps.is_empty():
		# What was known stays: a file may have been removed meanwhile, and the next time tells.
		error = "'%s' cannot describe the rule files" % Settings.program()
		changed.emit()
		return
	var before := _described
	_described = found["described"]
	for path: String in _described:
		var described: Dictionary = _described[path]
		if not described["complete"] and before.has(path):
			for field: String in _NAMES:
				described[field] = before[path][field]
		# A file that was included from elsewhere is watched from now on.
		var read: Array = described["files"]
		_stamps.merge(_stamps_of(read.map(ProjectSettings.localize_path)))
		for problem: Dictionary in described["problems"]:
			if problem["severity"] == "error" and not problem in _problems_of(before, path):
				printerr(text_of(problem))
	DirAccess.make_dir_recursive_absolute(CACHE.get_base_dir())
	var file := FileAccess.open(CACHE, FileAccess.WRITE)
	var kept := {"version": VERSION, "described": _described, "stamps": _stamps}
	if file != null:
		file.store_string(JSON.stringify(kept))
	changed.emit()


## A problem as a line of text, with its place in the project.
static func text_of(problem: Dictionary) -> String:
	var place := (
		"%s:%d:%d"
		% [
			ProjectSettings.localize_path(problem["file"]),
			int(problem["line"]),
			int(problem["column"]),
		]
	)
	var where: String = problem["where"]
	return "%s: %s%s" % [place, where + ": " if not where.is_empty() else "", problem["text"]]


## By path of each of the files, and of all that were read of them before: time and content.
func _stamps_of(files: Array) -> Dictionary:
	var stamps := {}
	for path: String in files:
		stamps[path] = _stamp_of(path)
		for file: String in of(path).get("files", []):
			var read := ProjectSettings.localize_path(file)
			stamps[read] = _stamp_of(read)
	return stamps


static func _stamp_of(path: String) -> String:
	var file := FileAccess.open(path, FileAccess.READ)
	if file == null:
		return ""
	var size := file.get_length()
	var content := str(size) if size > _MOST_DIGESTED else FileAccess.get_md5(path)
	return "%d:%s" % [FileAccess.get_modified_time(path), content]


static func _problems_of(described: Dictionary, path: String) -> Array:
	return described[path]["problems"] if described.has(path) else []


static func _short(number: float) -> String:
	return str(int(number)) if number == floorf(number) else str(number)
