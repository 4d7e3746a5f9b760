extends RefCounted
## What is wrong with a message: a code of PROTOCOL.md section 8, and where, what was expected,
## what came.

const TOO_LARGE := "too_large"
const TRUNCATED := "truncated"
const TRAILING := "trailing"
const MALFORMED := "malformed"
const BAD_UTF8 := "bad_utf8"
const EXT_TYPE := "ext_type"
const BAD_KEY := "bad_key"
const DUPLICATE_KEY := "duplicate_key"
const TOO_DEEP := "too_deep"
const NOT_FINITE := "not_finite"
const WRONG_TYPE := "wrong_type"
const OUT_OF_RANGE := "out_of_range"
const BAD_VALUE := "bad_value"
const MISSING_FIELD := "missing_field"
const UNSUPPORTED_VERSION := "unsupported_version"
const UNKNOWN_TYPE := "unknown_type"
const PAYLOAD_MISMATCH := "payload_mismatch"

var code: String
var text: String


func _init(error_code: String, error_text: String) -> void:
	code = error_code
	text = error_text
