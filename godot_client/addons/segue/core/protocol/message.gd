extends RefCounted
## A checked message, or the error that it is refused with.

const ProtocolError := preload("protocol_error.gd")
const Records := preload("records.gd")
const Rules := preload("message_rules.gd")

## Its type, as in the protocol: "chunk".
var type: String

## All fields of its table: those absent have their default, or null if they have none.
var fields: Dictionary

## Interleaved stereo PCM, little-endian, in the format its fields name; null: no payload.
var payload: Variant

## null: the message is good.
var error: ProtocolError


## A message from its fields as plain values; those left out have their defaults.
## samples: a PackedByteArray, or null. Of a message with an error only the error can be used.
static func of(message_type: String, values: Dictionary, samples: Variant = null) -> RefCounted:
	var records := Records.new()
	var record: Variant = records.read(message_type, values)
	if records.error != null:
		return refused(records.error)
	var fault := Rules.fault_of(message_type, record, samples)
	if fault != null:
		return refused(fault)
	var message := new()
	message.type = message_type
	message.fields = record
	message.payload = samples
	return message


static func refused(fault: ProtocolError) -> RefCounted:
	var message := new()
	message.error = fault
	return message
