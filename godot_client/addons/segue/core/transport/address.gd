extends RefCounted
## Where a service listens: `tcp://HOST:PORT`, `tls://HOST:PORT` for the same inside TLS, or
## `ipc://PATH` for a Unix socket.

const _EXPECTED := "expected tcp://HOST:PORT, such as tcp://127.0.0.1:7723, tls://… or ipc://PATH"

## Longest path of a Unix socket without the zero byte at its end.
const _LONGEST_PATH := 107

## As given.
var text: String

## "tcp", "tls" or "ipc".
var transport: String

## A name or an IP address without brackets; empty for ipc.
var host: String

## From 1 to 65535; 0 for ipc.
var port: int

## Of ipc: the file's path.
var path: String

## What is wrong with the text, and what was expected; empty: nothing.
var error: String


## Parses an address; `error` says what is wrong with it.
func _init(address: String) -> void:
	text = address
	var parted := address.split("://", true, 1)
	if parted.size() < 2:
		error = "address %s names no transport: %s" % [_shown(), _EXPECTED]
		return
	transport = parted[0]
	if not transport in ["tcp", "tls", "ipc"]:
		error = "address %s: no transport '%s': %s" % [_shown(), transport, _EXPECTED]
	elif text != text.strip_escapes() or text.contains(" "):
		error = "address %s has a space in it: %s" % [_shown(), _EXPECTED]
	elif transport == "ipc":
		_read_path(parted[1])
	else:
		_read_host(parted[1])


func _read_path(rest: String) -> void:
	var size := rest.to_utf8_buffer().size()
	if size < 1 or size > _LONGEST_PATH:
		error = "address %s: expected a path of 1 to %d bytes" % [_shown(), _LONGEST_PATH]
		return
	path = rest


func _read_host(rest: String) -> void:
	var colon := rest.rfind(":")
	var given := rest.substr(0, colon)
	var bracketed := given.begins_with("[") and given.ends_with("]")
	if colon < 0 or (given.contains(":") and not bracketed):
		error = "address %s: expected a port at its end; %s" % [_shown(), _EXPECTED]
		return
	var digits := rest.substr(colon + 1)
	var number := digits.to_int() if digits.is_valid_int() and digits.length() <= 6 else 0
	if number < 1 or number > 65535 or not digits[0].is_valid_int():
		error = "address %s: expected a port from 1 to 65535, got '%s'" % [_shown(), digits]
		return
	var bare := given.substr(1, given.length() - 2) if bracketed else given
	if bare.is_empty() or bare == "*" or bare.contains("/") or bare.contains("@"):
		error = "address %s: expected a host, got '%s'" % [_shown(), given]
	elif bracketed and not bare.is_valid_ip_address():
		error = "address %s: '%s' is no IPv6 address" % [_shown(), bare]
	host = bare
	port = number


func _shown() -> String:
	return "'%s'" % text.strip_escapes().left(200)
