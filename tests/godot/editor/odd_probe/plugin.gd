@tool
extends "res://addons/probe/editor_probe.gd"
## Meets rule files that are none, removes one while it is edited and played, and disables the
## plug-in while the dock plays.

## The file that is edited and played.
const _PLAYED := "res://music/played.yaml"

## Seconds from disabling the plug-in to enabling it again, as a person takes. Within fractions of
## a second, Godot 4.6 reports "Bad address index" in the script that it enables again.
const _DISABLED_S := 2.0

## Refreshes of the dock after which nothing may be described again.
const _REFRESHES := 5


func _probe() -> void:
	_declarations().refresh()
	await _until(func() -> bool: return not _declarations().paths().is_empty())
	_seen["paths"] = _declarations().paths()
	_seen["problems"] = _problems()
	_seen["again"] = await _described_again()
	_see_property()
	_see_rule_editor()
	await _see_a_mistake_played()
	await _see_removal()
	await _see_disabled_while_playing()


## How often files are described although none has changed.
func _described_again() -> int:
	var count := 0
	for refresh in _REFRESHES:
		_declarations().refresh()
		await _until(
			func() -> bool:
				var thread: Thread = _declarations().get("_thread")
				return thread == null or not thread.is_alive()
		)
		count += 1 if _declarations().get("_thread") != null else 0
	return count


## What is wrong with each file as the rule file of a player.
func _see_property() -> void:
	var faults := {}
	for file: String in ProjectSettings.get_setting("probe/files"):
		faults[file] = _declarations().fault_of_file("res://music/" + file)
	_seen["faults"] = faults


## Why each file cannot be edited, and whether the window is open.
func _see_rule_editor() -> void:
	var opened := {}
	var editor: Window = _dock().get("_rule_editor")
	for file: String in ProjectSettings.get_setting("probe/files"):
		_dock().jump({"file": "res://music/" + file, "line": 900, "column": 900})
		opened[file] = "" if editor.visible else _dock().get("_status").text
		editor.hide()
	_seen["opened"] = opened


## The service says what is wrong with a file that cannot be played.
func _see_a_mistake_played() -> void:
	_choose("res://music/latin.yaml")
	_dock().get("_start").pressed.emit()
	await _until(func() -> bool: return not _audition().is_running())
	_seen["played"] = [_dock().get("_status").text, _dock().get("_start").text]


## The file is removed while it is edited and played: the music plays on, and the text is not lost.
func _see_removal() -> void:
	await _play()
	var text := FileAccess.get_file_as_string(_PLAYED)
	_dock().jump({"file": _PLAYED, "line": 1, "column": 1})
	DirAccess.remove_absolute(_PLAYED)
	await _until(func() -> bool: return not _PLAYED in _declarations().paths())
	var heard: int = _audition().statistics()["played"]
	await _until(func() -> bool: return _audition().statistics()["played"] > heard)
	_dock().get("_start").pressed.emit()
	_seen["stopped"] = [_dock().get("_status").text, _dock().get("_start").text]
	_dock().get("_rule_editor").confirmed.emit()
	_dock().get("_rule_editor").hide()
	_seen["saved"] = FileAccess.get_file_as_string(_PLAYED) == text
	await _until(func() -> bool: return _PLAYED in _declarations().paths())


func _see_disabled_while_playing() -> void:
	await _play()
	_seen["children"] = _children()
	EditorInterface.set_plugin_enabled("segue", false)
	_seen["first"] = await _left()
	await get_tree().create_timer(_DISABLED_S).timeout
	EditorInterface.set_plugin_enabled("segue", true)
	for round_number in 5:
		await get_tree().process_frame
		await _play()
		EditorInterface.set_plugin_enabled("segue", false)
		await _until(func() -> bool: return _children() == 0)
		await get_tree().create_timer(_DISABLED_S).timeout
		EditorInterface.set_plugin_enabled("segue", true)
	EditorInterface.set_plugin_enabled("segue", false)
	_seen["last"] = await _left()


func _play() -> void:
	await _until(func() -> bool: return _PLAYED in _declarations().paths())
	_choose(_PLAYED)
	_dock().get("_start").pressed.emit()
	await _until(func() -> bool: return _audition().statistics().get("played", 0) > 0)


func _choose(path: String) -> void:
	var rules: OptionButton = _dock().get("_rules")
	for index in rules.item_count:
		if rules.get_item_metadata(index) == path:
			rules.select(index)
			rules.item_selected.emit(index)


func _audition() -> Node:
	return _dock().get("_audition")
