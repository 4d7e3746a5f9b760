extends SceneTree
## Opens and ends many clients: `-- CASE.json RESULT.json`. `addresses` are tried in turn, and every
## second client is dropped without being closed. The result counts the threads and files of the
## process before and after.

const Client := preload("res://addons/segue/core/client.gd")


func _init() -> void:
	var files := OS.get_cmdline_user_args()
	var case: Dictionary = JSON.parse_string(FileAccess.get_file_as_string(files[0]))
	# The first has the engine make what it keeps.
	_live(case["addresses"][0], 200, true)
	var before := [_count("task"), _count("fd")]
	var slowest_ms := 0.0
	for i in int(case["clients"]):
		var address: String = case["addresses"][i % case["addresses"].size()]
		slowest_ms = maxf(slowest_ms, _live(address, (i * 7) % 60, i % 2 == 0))
	var refused := Client.new("no address")
	refused.set_input("level", 0.5)
	refused.end_frame()
	refused.render(10)
	assert(not refused.error.is_empty() and refused.poll().is_empty())
	var result := {
		"before": before, "after": [_count("task"), _count("fd")], "slowest_ms": slowest_ms
	}
	var out := FileAccess.open(files[1], FileAccess.WRITE)
	out.store_string(JSON.stringify(result))
	out.close()
	quit()


## How long its end took.
func _live(address: String, msec: int, is_closed: bool) -> float:
	var client := Client.new(address)
	assert(client.error.is_empty(), client.error)
	client.set_filler(func() -> void: OS.delay_usec(10))
	client.set_input("level", 0.5)
	client.end_frame()
	OS.delay_msec(msec)
	var begun := Time.get_ticks_usec()
	if is_closed:
		client.close()
	client = null
	return (Time.get_ticks_usec() - begun) / 1000.0


func _count(what: String) -> int:
	var folder := DirAccess.open("/proc/self/" + what)
	return folder.get_files().size() + folder.get_directories().size()
