extends RefCounted
## Finds the name that was probably meant: the likeness of Ratcliff and Obershelp, twice the letters
## in common blocks over all letters.

## Likeness from which on a name counts as misspelt.
const _CLOSE := 0.65


## The known name most like `name`, whatever its case; empty if none is close.
static func closest(name: String, known: Array) -> String:
	var best := ""
	var best_likeness := _CLOSE
	for each: String in known:
		var likeness := ratio(each.to_lower(), name.to_lower())
		if likeness > best_likeness or (likeness == best_likeness and each.to_lower() > best):
			best = each
			best_likeness = likeness
	return best


## From 0, nothing in common, to 1, equal.
static func ratio(a: String, b: String) -> float:
	var letters := a.length() + b.length()
	return 1.0 if letters == 0 else 2.0 * _matching(a, b) / letters


## The letters in the longest common block and, on both sides of it, in blocks found likewise.
static func _matching(a: String, b: String) -> int:
	var best_a := 0
	var best_b := 0
	var best := 0
	for i in a.length():
		for j in b.length():
			var size := 0
			while i + size < a.length() and j + size < b.length() and a[i + size] == b[j + size]:
				size += 1
			if size > best:
				best = size
				best_a = i
				best_b = j
	if best == 0:
		return 0
	var before := _matching(a.substr(0, best_a), b.substr(0, best_b))
	return best + before + _matching(a.substr(best_a + best), b.substr(best_b + best))
