extends RefCounted
## What several parts of a game want an input to be: the game's own value, and above it the claims
## of zones by priority; of equal ones the latest.

## By name: the value that the game has set itself.
var _own := {}

## By name: [owner's number, priority, value] of each claim, the strongest last.
var _claims := {}


## Notes the game's own value.
func set_own(name: String, wanted: Variant) -> void:
	_own[name] = wanted


## Notes that an owner wants a value, in place of what it wanted before.
func claim(owner: Object, name: String, wanted: Variant, priority: int) -> void:
	release(owner, name)
	var claims := _claims_of(name)
	var at := claims.size()
	while at > 0 and claims[at - 1][1] > priority:
		at -= 1
	claims.insert(at, [owner.get_instance_id(), priority, wanted])


## Forgets what an owner wants.
func release(owner: Object, name: String) -> void:
	var id := owner.get_instance_id()
	_claims[name] = _claims_of(name).filter(func(each: Array) -> bool: return each[0] != id)


## Forgets what freed owners want; the names of inputs that lose a claim by it.
func release_freed() -> Array[String]:
	var lost: Array[String] = []
	for name: String in _claims:
		var claims := _claims_of(name)
		var living := claims.filter(func(each: Array) -> bool: return is_instance_id_valid(each[0]))
		if living.size() < claims.size():
			_claims[name] = living
			lost.append(name)
	return lost


## Forgets the game's own values.
func forget_own() -> void:
	_own.clear()


## The names that are claimed or have a value of the game.
func known() -> Array:
	var names := claimed()
	for name: String in _own:
		if not name in names:
			names.append(name)
	return names


## The names that are claimed.
func claimed() -> Array:
	return _claims.keys().filter(func(name: String) -> bool: return is_claimed(name))


## Whether an owner claims the input.
func is_claimed(name: String) -> bool:
	return not _claims_of(name).is_empty()


## The value that counts: of the strongest claim, or the game's own, or [param otherwise].
func value(name: String, otherwise: Variant) -> Variant:
	var claims := _claims_of(name)
	return _own.get(name, otherwise) if claims.is_empty() else claims[-1][2]


func _claims_of(name: String) -> Array:
	if not _claims.has(name):
		_claims[name] = []
	return _claims[name]
