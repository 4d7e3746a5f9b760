extends RefCounted
## What the game asked for and the service has not answered: events, saves, restores. They are
## sent in the game's order, at the service's pace, and again over a new connection.

const ClientEvent := preload("client_event.gd")
const EventOutbox := preload("event_outbox.gd")
const Message := preload("../protocol/message.gd")
const PendingRequests := preload("pending_requests.gd")
const QueueEntry := preload("queue_entry.gd")
const SendQueue := preload("send_queue.gd")

## The game's events.
var outbox := EventOutbox.new()

## Its saves and restores.
var requests := PendingRequests.new()

var _queue: SendQueue
## Where a restore begins at the earliest, and the greatest take that it names.
var _committed := 0
var _take := 0


func _init() -> void:
	_queue = SendQueue.new(outbox.take, _request)


## Ends a game frame. at: the sample heard now. The event's number; 0 if nothing changed.
func end_frame(at: int) -> int:
	var framed := outbox.flush(at, _queue.tail())
	if framed.is_empty():
		return 0
	_queue.put(QueueEntry.of_event(framed[0]), framed[1])
	return framed[0]


## Keeps a save or a restore until its answer. fields: without `id`, which it returns.
func ask(type: String, fields: Dictionary) -> int:
	if type == "restore":
		outbox.restored()
	var numbered := fields.duplicate()
	numbered["id"] = requests.number()
	_queue.put(requests.ask(type, numbered, outbox.last))
	return numbered["id"]


## Takes an event's receipt; the events for the game.
func receipted(fields: Dictionary, now_s: float) -> Array[ClientEvent]:
	var effect := outbox.receipted(fields)
	_queue.receipted(fields["seq"], fields["code"] != "rate_limited")
	if effect[1] != 0:
		_queue.refused(now_s)
		_queue.put(QueueEntry.of_event(effect[1]))
	var events: Array[ClientEvent] = []
	events.append_array(effect[0])
	return events


## Sends what waits, over a new connection.
func begin(events_per_second: int, now_s: float) -> void:
	_queue.begin(_unanswered(), events_per_second, now_s)


## Without a session, keeps all that has no answer.
func hold_back() -> void:
	_queue.stop(_unanswered())


## The messages to send now. committed: the sample clock. take: the greatest received.
func due(now_s: float, committed: int, take: int) -> Array[Message]:
	_committed = committed
	_take = take
	return _queue.due(now_s)


func _unanswered() -> Array[RefCounted]:
	return QueueEntry.in_order(outbox.numbers(), requests.waiting())


func _request(id: int) -> Message:
	return requests.message(id, _committed, _take)
