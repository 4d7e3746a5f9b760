extends RefCounted
## Values of inputs as they are written in the inspector.


## What a text means: `true`, `false`, a number, or the name of a choice. declaration: of the rules;
## empty: not known.
static func value(input: String, text: String, declaration: Dictionary) -> Variant:
	for declared: Dictionary in declaration.get("inputs", []):
		if declared["name"] == input and declared["type"] == "choice":
			return text
	if text == "true" or text == "false":
		return text == "true"
	if text.is_valid_int():
		return text.to_int()
	if text.is_valid_float():
		return text.to_float()
	return text
