extends Node
## The autoload [code]Segue[/code]: holds the default player, which survives changes of the scene.
##
## The player is made of the project settings below [code]segue/player[/code], and starts by itself
## if a rule file or an address is set there. Further players are ordinary [SeguePlayer] nodes.
## [codeblock]
## Segue.player.set_input("threat", 0.8)
## Segue.player.fire("victory")
## [/codeblock]

const Player := preload("nodes/segue_player.gd")

## By project setting: its value where none is set.
const SETTINGS: Dictionary = {
	"segue/player/rules_file": "",
	"segue/player/address": "",
	"segue/player/token": "",
	"segue/player/bus": "Master",
	"segue/service/command": "",
}

## The default player. Zones, bindings and triggers use it where no other player is nearer.
var player: Player = Player.new()


func _init() -> void:
	# The music goes on while the game is paused, as the player's own properties say.
	player.name = "Player"
	var rules_file := setting("segue/player/rules_file")
	var address := setting("segue/player/address")
	player.rules_file = rules_file
	player.token = setting("segue/player/token")
	player.bus = StringName(setting("segue/player/bus"))
	if not address.is_empty():
		player.service = Player.Service.CONNECT
		player.address = address
	player.autostart = not (rules_file.is_empty() and address.is_empty())
	add_child(player)


## The value of a project setting of [constant SETTINGS].
static func setting(path: String) -> String:
	return str(ProjectSettings.get_setting(path, SETTINGS[path]))
