extends AudioStreamPlayer
## Plays a client's music on a bus. The client's thread hands the samples over, so that a main
## thread that stalls makes no gap.

const Client := preload("../core/client.gd")
const GeneratorFiller := preload("generator_filler.gd")

const _BUFFER_S := 0.5

## Fills the engine's buffer for the client that is played; null: none is.
var filler: GeneratorFiller

var _client: Client


## Plays a client, which is not closed before [method close] is called. fill_ms: how much is handed
## to the engine ahead.
func open(client: Client, fill_ms: int) -> void:
	@warning_ignore("integer_division")
	filler = GeneratorFiller.new(client, fill_ms * GeneratorFiller.RATE / 1000)
	_client = client
	var generator := AudioStreamGenerator.new()
	generator.mix_rate = GeneratorFiller.RATE
	generator.buffer_length = _BUFFER_S
	stream = generator
	play()
	filler.set_playback(get_stream_playback())
	filler.main_thread_runs()
	client.set_filler(filler.fill)


## Ends what [method open] began, and closes the client.
func close() -> void:
	if _client == null:
		return
	filler.set_playback(null)
	_client.close()
	_client = null
	filler = null
	stop()
	stream = null
