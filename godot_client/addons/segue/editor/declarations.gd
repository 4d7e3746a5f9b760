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

## By path of the rule file: the object of `segue describe`.
var _described := {}
## By path of the rule file: sizes and times of the files that were read.
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
	for gone: String in _described.keys().filter(
		func(path: String) -> bool: return not path in files
	):
		_described.erase(gone)
		_stamps.erase(gone)
		changed.emit()
	var stale := PackedStringArray()
	for path in files:
		if _stamps.get(path, "") != _stamp(path):
			stale.append(path)
	if stale.is_empty():
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
	_thread.start(_describe.bind(program, stale))


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


## On the thread. Returns by path of the rule file: its stamp before, and its object.
static func _describe(program: String, files: PackedStringArray) -> Dictionary:
	var words := PackedStringArray(["describe"])
	var stamps := PackedStringArray()
	for path in files:
		words.append(ProjectSettings.globalize_path(path))
		stamps.append(FileAccess.get_md5(path))
	var output := []
	OS.execute(program, words, output)
	var found := {}
	for line: String in str(output[0]).split("\n", false):
		var described: Variant = JSON.parse_string(line)
		if described is Dictionary:
			var at := words.find(described["file"]) - 1
			if at >= 0:
				found[files[at]] = [stamps[at], described]
	for path in files:
		if not found.has(path):
			found[path] = ["", {}]
	return found


func _take(found: Dictionary) -> void:
	error = ""
	for path: String in found:
		var described: Dictionary = found[path][1]
		if described.is_empty() or int(described["version"]) != VERSION:
			error = "'%s' cannot describe %s" % [Settings.program(), path]
			# Again when the file changes, not every second.
			_stamps[path] = _stamp(path)
			continue
		if not described["complete"] and _described.has(path):
			for field: String in _NAMES:
				described[field] = _described[path][field]
		_described[path] = described
		# A file that was saved meanwhile is described again.
		var is_same: bool = FileAccess.get_md5(path) == found[path][0]
		_stamps[path] = _stamp(path) if is_same else ""
		for problem: Dictionary in described["problems"]:
			if problem["severity"] == "error":
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


## Sizes and times of a rule file and all that it was made of.
func _stamp(path: String) -> String:
	var files: Array = of(path).get("files", [])
	if files.is_empty():
		files = [path]
	var parts := PackedStringArray()
	for file: String in files:
		parts.append("%d:%s" % [FileAccess.get_modified_time(file), FileAccess.get_md5(file)])
	return " ".join(parts)


static func _short(number: float) -> String:
	return str(int(number)) if number == floorf(number) else str(number)
