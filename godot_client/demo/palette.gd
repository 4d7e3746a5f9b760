extends RefCounted
## The demo's colours: a blue night, warm where people and fires are.

const SKY_TOP := Color("070b24")
const SKY_LOW := Color("2c5270")
const DAWN_TOP := Color("27305e")
const DAWN_LOW := Color("f0a06a")
const MOON := Color("f6ecd0")

const FAR := Color("27485e")
const MIDDLE := Color("18324a")
const NEAR := Color("0f2135")
const FRONT := Color("050b16")
const MOONLIT := Color("5d8ea0")

const SPIRIT := Color("6fe8cc")
const EMBER := Color("ff9c4a")
const FLAME := Color("ffc46b")
const DANGER := Color("ff4f5e")
const RUNE := Color("b58cff")

const STONE := Color("2b2742")
const STONE_LIT := Color("4b456b")
const STONE_DARK := Color("151226")

const TEXT := Color("eef3f7")
const FAINT := Color("9db4c4")
const PANEL := Color(0.03, 0.05, 0.1, 0.78)

## By style of the rule file: its colour in the mix; others get one by their place.
const STYLES: Dictionary = {
	"woodland": Color("6fbf73"),
	"moonlight": Color("8fb8ff"),
	"dread": Color("7d6bb3"),
	"abyss": Color("4a3a8c"),
	"market": Color("ffcf6b"),
	"battle": Color("ff6a4d"),
	"titan": Color("ff3f7a"),
	"ache": Color("8aa0b8"),
	"fanfare": Color("ffe08a"),
	"sparkle": Color("9ff5ff"),
}


## The colour of a style in the mix.
static func style(name: String) -> Color:
	return STYLES.get(name, Color.from_hsv(float(name.hash() % 360) / 360.0, 0.5, 0.9))
