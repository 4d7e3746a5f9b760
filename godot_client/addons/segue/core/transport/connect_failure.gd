extends RefCounted
## Why an attempt to connect failed, in the words of PROTOCOL.md section 11.4, and what to do.

## `unreachable`, `broken_off`, `unknown_host`, `no_answer`, `not_a_service`, `token_refused`,
## `token_needed` or `token_not_needed`.
var code: String

## What was tried and what to do, for people.
var text: String


func _init(failure_code: String, failure_text: String) -> void:
	code = failure_code
	text = failure_text


## Nothing accepts the connection.
static func unreachable(address: String) -> RefCounted:
	return new(
		"unreachable",
		(
			(
				"nothing listens at %s; check that the service runs there (`segue serve`, whose "
				+ "--bind is this address) and that no firewall is in between"
			)
			% address
		)
	)


## The connection is neither accepted nor refused.
static func no_route(address: String) -> RefCounted:
	return new(
		"unreachable",
		(
			"%s does not answer; check the host and the port, and that no firewall is in between"
			% address
		)
	)


## The system refuses such a connection.
static func unusable(address: String, reason: String) -> RefCounted:
	return new("unreachable", "%s: %s" % [address, reason])


## The name has no address.
static func unknown_host(address: String, host: String) -> RefCounted:
	return new(
		"unknown_host",
		"%s: the host '%s' cannot be found; check its spelling, and the network" % [address, host]
	)


## The connection is accepted and nothing follows.
static func no_answer(address: String) -> RefCounted:
	return new(
		"no_answer",
		(
			(
				"%s accepts the connection and does not answer; it is busy, delays clients that gave "
				+ "wrong tokens, or is no Segue service"
			)
			% address
		)
	)


## The connection ended during the handshake without a reason.
static func broken_off(address: String, has_token: bool) -> RefCounted:
	var token := "refuses the token" if has_token else "needs a token"
	return new(
		"broken_off",
		(
			(
				"%s closed the connection during the handshake; it %s, is stopping, is full, speaks "
				+ "TLS (tls://…), is the service's WebSocket port, or is no Segue service: its log "
				+ "may say which"
			)
			% [address, token]
		)
	)


## The peer does not speak ZMTP.
static func not_a_service(address: String) -> RefCounted:
	return new(
		"not_a_service",
		(
			"what answers at %s is no Segue service, or one behind TLS (tls://…); check the port"
			% address
		)
	)


## TLS cannot be agreed on.
static func no_tls(address: String) -> RefCounted:
	return new(
		"not_a_service",
		(
			(
				"what answers at %s does not speak TLS; check the port, or use tcp:// where the "
				+ "service has no TLS"
			)
			% address
		)
	)


## The peer speaks TLS, and its certificate does not do.
static func certificate(address: String, host: String) -> RefCounted:
	return new(
		"not_a_service",
		(
			(
				"the certificate of what answers at %s is not trusted, has expired or is not one of "
				+ "'%s'; give the client that of the authority that signed it, or itself where it has "
				+ "signed itself, and the host by the name that is in it"
			)
			% [address, host]
		)
	)


## The peer answered the token, or a client without one, with ERROR.
static func refused(address: String, has_token: bool) -> RefCounted:
	if has_token:
		return new(
			"token_refused",
			(
				(
					"the service at %s refuses the token; give the client the one that the service "
					+ "was started with (`segue serve --token`, or SEGUE_TOKEN)"
				)
				% address
			)
		)
	return token_needed(address)


## The peer needs another mechanism than the client's.
static func mechanism(address: String, has_token: bool) -> RefCounted:
	if not has_token:
		return token_needed(address)
	return new(
		"token_not_needed",
		(
			(
				"the service at %s has no token and this client gives one; leave the token out, or "
				+ "start the service with it"
			)
			% address
		)
	)


## The service serves no client without a token.
static func token_needed(address: String) -> RefCounted:
	return new(
		"token_needed",
		(
			(
				"the service at %s needs a token; give the client the one that the service was "
				+ "started with (`segue serve --token`, or SEGUE_TOKEN)"
			)
			% address
		)
	)
