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

## Why the files cannot be described; empty: they can.
var error := ""

## By path of the rule file: the object of `segue describe`. Files that others include have none.
var _described := {}
## By path of each file that was read: what tells whether it has changed.
var _stamps := {}
var _thread: Thread
var _told_missing := false


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
	var stamps := _stamps_of(Array(files))
	if stamps == _stamps:
		return
	if files.is_empty():
		_take({"stamps": stamps, "described": {}})
		return
	var program := Settings.program()
	if program.is_empty():
		if not _told_missing:
			_told_missing = true
			error = (
				"no program 'segue': set %s to a bundle of the service, or install Segue"
				% Settings.BUNDLE
			)
			changed.emit()
		return
	_told_missing = false
	_thread = Thread.new()
	_thread.start(_describe.bind(program, files, stamps))


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


func _all(path: String, field: String) -> Array:
	var found := []
	for each: String in [path] if _described.has(path) else paths():
		found.append_array(_described[each].get(field, []))
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
	var before := _described
	_described = found["described"]
	error = ""
	if _described.is_empty() and not _stamps.is_empty():
		error = "'%s' cannot describe the rule files" % Settings.program()
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
		stamps[path] = "%d:%s" % [FileAccess.get_modified_time(path), FileAccess.get_md5(path)]
		for file: String in of(path).get("files", []):
			var read := ProjectSettings.localize_path(file)
			stamps[read] = "%d:%s" % [FileAccess.get_modified_time(read), FileAccess.get_md5(read)]
	return stamps


static func _problems_of(described: Dictionary, path: String) -> Array:
	return described[path]["problems"] if described.has(path) else []


static func _short(number: float) -> String:
	return str(int(number)) if number == floorf(number) else str(number)
