extends RefCounted
## Where everything is along the way, in pixels from its beginning.

## The height of the ground.
const GROUND := 580.0

const START := 260.0
const SHRINE := 1250.0
const WOLVES := 2700.0
const CRYPT := 3600.0
## The hall at the end of the crypt, where the Warden sleeps.
const HALL := 5000.0
const WARDEN := 5750.0
## The end of the crypt: the town's gate.
const TOWN := 6400.0
const END := 7900.0

## Each [where it begins, its name, a line about it].
const ALL: Array[Array] = [
	[0.0, "The Forest", "trees breathe with the beat, steps fall on it"],
	[2050.0, "The Wolves", "the nearer they are, the more of the battle you hear"],
	[CRYPT, "The Crypt", "it darkens with the music"],
	[HALL, "The Warden", "it strikes on the bar line: watch the ring"],
	[TOWN, "The Town", "a new day, a new key"],
]


## The number of the place at a point of the way.
static func at(x: float) -> int:
	var found := 0
	for number in ALL.size():
		if x >= float(ALL[number][0]):
			found = number
	return found
