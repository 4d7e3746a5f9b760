extends RefCounted
## What the settings of a player mean for its client and its service, and what is wrong with them.

const Address := preload("../core/transport/address.gd")
const ServiceProcess := preload("service_process.gd")

## The rate of the music, in Hz.
const RATE := 48000

const _MIX_RATE_SETTING := "audio/driver/mix_rate"
const _LOG_FILE := "user://segue_service.log"
const _LEAST_PRE_ROLL_MS := 60
const _OF_STARTED: Array[String] = ["rules_file", "command", "arguments"]
const _OF_FOUND: Array[String] = ["address", "token", "certificate", "rules_name"]


## The client's options.
static func client_options(player: Node) -> Dictionary:
	var options := {"stingers": "included" if player.stingers == 1 else "separate"}
	if not is_started(player) and not player.rules_name.is_empty():
		options["rules_name"] = player.rules_name
	if not player.token.is_empty():
		options["token"] = player.token
	if player.certificate != null and not is_started(player):
		options["tls"] = TLSOptions.client(player.certificate)
	if not player.generator.is_empty():
		options["generator"] = player.generator
	if player.lookahead_ms > 0:
		options["lookahead_ms"] = player.lookahead_ms
	if player.pre_roll_ms > 0:
		options["pre_roll_ms"] = maxi(_LEAST_PRE_ROLL_MS, player.pre_roll_ms)
	if player.seed_number >= 0:
		options["seed"] = player.seed_number
	return options


## The arguments of `segue serve`, without an address.
static func service_arguments(player: Node) -> PackedStringArray:
	var rules := ServiceProcess.rules_path(player.rules_file)
	var words := PackedStringArray([rules])
	var log_file := ProjectSettings.globalize_path(_LOG_FILE)
	if _is_writable(log_file):
		words.append_array(["--log-file", log_file])
	words.append_array(player.arguments)
	return words


static func _is_writable(path: String) -> bool:
	var mode := FileAccess.READ_WRITE if FileAccess.file_exists(path) else FileAccess.WRITE
	return FileAccess.open(path, mode) != null


## Whether the game starts a service of its own.
static func is_started(player: Node) -> bool:
	return player.service == 0


## Whether a property is of no use with the others.
static func is_unused(player: Node, property: String) -> bool:
	return property in (_OF_FOUND if is_started(player) else _OF_STARTED)


## What is wrong with the settings.
static func warnings(player: Node) -> PackedStringArray:
	var found := PackedStringArray()
	var rules_file: String = player.rules_file
	if not is_started(player):
		var fault := Address.new(player.address).error
		if not fault.is_empty():
			found.append(fault)
	elif rules_file.is_empty():
		found.append("Set the rule file that the service plays.")
	elif not FileAccess.file_exists(rules_file):
		found.append("The rule file '%s' does not exist." % rules_file)
	if int(ProjectSettings.get_setting(_MIX_RATE_SETTING, 44100)) != RATE:
		var text := "Set the project setting %s to %d: the engine converts to others badly."
		found.append(text % [_MIX_RATE_SETTING, RATE])
	return found


## What is wrong with the rate that the engine mixes at; empty: nothing.
static func rate_warning() -> String:
	var rate := roundi(AudioServer.get_mix_rate())
	if rate == RATE:
		return ""
	return (
		"segue: set the project setting %s to %d; the music is converted to %d Hz"
		% [_MIX_RATE_SETTING, RATE, rate]
	)
