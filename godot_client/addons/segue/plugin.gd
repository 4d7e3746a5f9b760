@tool
extends EditorPlugin
## What Segue adds to the editor: the dock, the players of running games in it, lists of names in
## the inspector, the service beside exported games, the project settings, and the autoload
## [code]Segue[/code].

const Declarations := preload("editor/declarations.gd")
const Dock := preload("editor/dock.gd")
const Exporter := preload("editor/exporter.gd")
const LiveSessions := preload("editor/live_sessions.gd")
const NameInspector := preload("editor/name_inspector.gd")
const Settings := preload("editor/settings.gd")

const AUTOLOAD := "Segue"

var _declarations: Declarations
var _live_sessions: LiveSessions
var _dock: Dock
var _inspector: NameInspector
var _exporter: Exporter


func _enable_plugin() -> void:
	add_autoload_singleton(AUTOLOAD, "res://addons/segue/segue.gd")


func _disable_plugin() -> void:
	remove_autoload_singleton(AUTOLOAD)


func _enter_tree() -> void:
	Settings.register()
	_declarations = Declarations.new()
	_live_sessions = LiveSessions.new()
	add_debugger_plugin(_live_sessions)
	_dock = Dock.new(_declarations, _live_sessions)
	# EditorDock, which replaces this, came with Godot 4.6.
	add_control_to_dock(DOCK_SLOT_RIGHT_BL, _dock)
	_inspector = NameInspector.new()
	_inspector.declarations = _declarations
	_inspector.jump = _dock.jump
	add_inspector_plugin(_inspector)
	_exporter = Exporter.new()
	add_export_plugin(_exporter)


func _exit_tree() -> void:
	remove_export_plugin(_exporter)
	remove_inspector_plugin(_inspector)
	remove_control_from_docks(_dock)
	_dock.free()
	remove_debugger_plugin(_live_sessions)
	_declarations.close()
	_dock = null
	_live_sessions = null
	_exporter = null
	_inspector = null
	_declarations = null
