@tool
extends Label
## What plays, and why: the statistics of a player, a line for each fact.


func _init() -> void:
	autowrap_mode = TextServer.AUTOWRAP_WORD_SMART


## Shows what `HeardMusic.statistics` tells; empty: nothing plays, and nothing is shown.
func show_statistics(found: Dictionary) -> void:
	visible = not found.is_empty()
	if found.is_empty():
		return
	var lines := PackedStringArray()
	# The audition tells its failures by itself.
	if not found.get("failure", "").is_empty():
		lines.append(found["failure"])
	for layer: String in found["states"]:
		lines.append("%s: %s" % [layer, found["states"][layer]])
	var mix := PackedStringArray()
	for style: String in found["mix"]:
		mix.append("%s %d %%" % [style, roundi(100.0 * found["mix"][style])])
	lines.append("mix: %s" % ", ".join(mix))
	lines.append("buffer %.1f s, underruns %d" % [found["buffer_s"], found["underruns"]])
	if found["event_ms"] >= 0.0:
		lines.append("from an input to its sound: %d ms" % roundi(found["event_ms"]))
	for change: Dictionary in found["changes"]:
		lines.append(
			"%s: %s → %s  %s" % [change["layer"], change["from"], change["to"], change["why"]]
		)
	text = "\n".join(lines)
