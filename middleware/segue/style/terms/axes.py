"""The words that say something of one axis: meters and tempos, grooves, scales, figures, production, moods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from segue.style.terms import listed


def _words(table: dict[str, str]) -> dict[str, str]:
    """Each word of the right-hand side with its left-hand side."""
    return {word: value for value, words in table.items() for word in words.split(", ")}


TEMPO_BPM: Final[dict[str, float]] = {
    "larghissimo": 36.0,
    "grave": 42.0,
    "maestoso": 84.0,
    "largo": 50.0,
    "larghetto": 62.0,
    "lento": 54.0,
    "adagio": 66.0,
    "adagietto": 72.0,
    "andante": 82.0,
    "andantino": 88.0,
    "moderato": 104.0,
    "allegretto": 114.0,
    "allegro": 132.0,
    "vivace": 156.0,
    "presto": 180.0,
    "prestissimo": 204.0,
}
"""Classical tempo words, in beats a minute."""

MIDDLE_BPM: Final = 100.0
"""A tempo neither slow nor fast."""

# A tempo word pulls the style's tempo toward a target: how many beats a minute, and how far, in [0, 1].
TEMPO_PULL: Final[dict[str, tuple[float, float]]] = {
    **dict.fromkeys(("very slow", "extremely slow", "super slow", "glacial", "crawling", "so slow"), (46.0, 0.75)),
    **dict.fromkeys(
        (
            "slow",
            "slowly",
            "slowed",
            "slowed down",
            "slow tempo",
            "languid",
            "sluggish",
            "plodding",
            "unhurried",
            "trudging",
            "dragging",
            "creeping",
        ),
        (62.0, 0.55),
    ),
    **dict.fromkeys(
        (
            "slower",
            "laid back",
            "relaxed tempo",
            "lazy",
            "downtempo",
            "down tempo",
            "leisurely",
            "slow ish",
            "slowish",
            "strolling",
        ),
        (76.0, 0.35),
    ),
    **dict.fromkeys(
        ("medium tempo", "mid tempo", "midtempo", "medium", "moderate", "moderate tempo", "walking pace"), (108.0, 0.6)
    ),
    **dict.fromkeys(
        (
            "upbeat",
            "uptempo",
            "up tempo",
            "lively",
            "brisk",
            "bouncy",
            "faster",
            "quick",
            "sprightly",
            "animated",
            "jogging",
            "trotting",
            "snappy",
            "zippy",
            "peppy",
            "con brio",
            "con moto",
            "dance tempo",
        ),
        (136.0, 0.4),
    ),
    **dict.fromkeys(
        (
            "fast",
            "rapid",
            "speedy",
            "fast paced",
            "high speed",
            "racing tempo",
            "hurried",
            "galloping",
            "rushing",
            "sprinting",
            "double time",
            "con fuoco",
        ),
        (168.0, 0.55),
    ),
    **dict.fromkeys(
        (
            "very fast",
            "super fast",
            "extremely fast",
            "breakneck",
            "frantic",
            "frenetic",
            "frenzied",
            "blistering",
            "insanely fast",
            "hyperspeed",
            "blazing",
            "lightning fast",
            "manic",
        ),
        (196.0, 0.7),
    ),
}
"""Words that make a style slower or faster."""

# Of meters that are uneven and not named the commonest is meant.
_ODD_METERS: Final = listed(
    "odd meter, odd time, odd time signature, uneven meter, asymmetric meter, irregular meter, aksak"
)
# "Three beats to the bar", "5 beats per measure".
_COUNTED_BEATS: Final = {
    f"{number} beats {per}": beats
    for beats, words in {2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 9: "nine"}.items()
    for number in (words, str(beats))
    for per in ("to the bar", "to a bar", "a bar", "per bar", "a measure", "per measure", "to the measure")
}

_EIGHTHS: Final = {
    "five eight": 5,
    "six eight": 6,
    "seven eight": 7,
    "nine eight": 9,
    "eleven eight": 11,
    "twelve eight": 12,
}

METER: Final[dict[str, int]] = {
    **dict.fromkeys(
        (
            "waltz",
            "in three",
            "waltz time",
            "triple meter",
            "triple time",
            "three four",
            "minuet",
            "mazurka",
            "landler",
            "sarabande",
            "scherzo",
            "three quarter time",
            "valse",
            "waltzing",
        ),
        3,
    ),
    **dict.fromkeys(("in four", "four four", "common time", "four quarter", "quadruple meter"), 4),
    **dict.fromkeys(("in five", "five four", "quintuple", "take five"), 5),
    **dict.fromkeys(
        (
            "in six",
            "jig",
            "sea shanty",
            "compound time",
            "siciliana",
            "tarantella",
            "barcarolle",
            "compound meter",
        ),
        6,
    ),
    **dict.fromkeys(("in seven", "seven four", "septuple", *_ODD_METERS), 7),
    **dict.fromkeys(("in nine", "slip jig"), 9),
    **dict.fromkeys(("in eleven", "eleven four"), 11),
    **dict.fromkeys(("in two", "two four", "cut time", "two step", "alla breve", "duple", "duple meter"), 2),
    **_EIGHTHS,
    # Longer than "in seven", so that it is what is found.
    **{f"in {words}": beats for words, beats in _EIGHTHS.items()},
    **_COUNTED_BEATS,
}
"""Words that say how many beats a bar has."""

GROOVE: Final = _words(
    {
        "straight": "straight beat, steady beat, straight eighths",
        "rock": "rock beat, backbeat, back beat, rock drums, motorik",
        "swing": "swing, swung, swinging, swing feel, swing beat, jazz swing, ride cymbal",
        "shuffle": "triplet feel, triplets, shuffle, shuffled, shuffling, blues shuffle, shuffle beat",
        "breakbeat": "breakbeat, breakbeats, broken beat, broken beats, break beat, breaks, amen break, amen, "
        "chopped drums, drum and bass beat, "
        "jungle breaks",
        "four on the floor": "four on the floor, four to the floor, 4 on the floor, 4 to the floor, four on floor, "
        "kick on every beat, pounding kick, dance beat, "
        "disco beat, house beat, techno beat, club beat, 4x 4, thumping kick, techno kick",
        "half-time": "half time, halftime, half time drums, half time beat, half time feel",
        "trap": "trap beat, rolling hi hats, rolling hats, trap hats, trap hi hats, hi hat rolls, trap drums",
        "bossa": "bossa, bossa nova beat, bossa nova, bossa beat, rumba",
        "samba": "samba, samba beat, batucada",
        "clave": "clave, latin beat, latin groove, tumbao, dembow, latin rhythm, son clave, montuno, cumbia, "
        "salsa beat",
        "one drop": "one drop, reggae beat, reggae drums, reggae groove, steppers",
        "polka": "polka, oom pah, oompah, polka beat, two step, oom pah pah",
        "waltz": "waltz, waltz beat, waltz time, oom pah pah, valse, waltzing",
        "jig": "jig, jig rhythm, six eight, irish jig, slip jig",
        "reel": "reel, reel rhythm, hornpipe, hoedown beat",
        "march": "march, marching, march beat, marching drums, military drums, parade, marching beat, march rhythm, "
        "procession",
        "taiko": "taiko, taikos, taiko drums",
        "tribal": "tribal, tribal drums, tribal beat, tribal rhythm, jungle drums, polyrhythm, polyrhythmic, "
        "polyrhythms",
        "ballad brushes": "jazz ballad, slow brushes",
        "funk": "funk beat, funky beat, funky drums, funky drummer, funk drums, syncopated sixteenths, funk groove, "
        "funky groove",
        "boom bap": "boom bap, hip hop beat, hip hop drums, lofi beat, lo fi beat, lo fi drums, chill beat, "
        "chill beats, lofi beats, lo fi beats, dusty drums, hip hop beats, trip hop beat",
        "surf": "surf beat, surf drums",
        "train": "train beat, train groove, galloping, gallop, chugging train, country beat",
        "blast": "blast beat, blast beats, double kick",
        "hand drums": "hand drums, hand percussion, tabla, darbuka",
        "war drums": "war drums, battle drums, epic drums, pounding drums",
        "driving": "driving beat, driving drums, relentless beat, pounding beat",
        "tension": "ticking, tick tock, ticking clock, heartbeat",
    }
)
"""Words for rhythms."""

SCALE: Final = _words(
    {
        "major": "major, major key, in major, ionian, major mode, major scale",
        "minor": "minor, minor key, in minor, aeolian, natural minor, minor mode, minor scale",
        "dorian": "dorian, dorian mode",
        "phrygian": "phrygian, phrygian mode, locrian",
        "lydian": "lydian, lydian mode",
        "mixolydian": "mixolydian, mixolydian mode",
        "harmonic minor": "harmonic minor, gypsy minor, hungarian minor, melodic minor",
        "phrygian dominant": "phrygian dominant, hijaz, maqam, freygish, double harmonic, byzantine scale, "
        "arabic scale, arabian scale, middle eastern scale, oriental scale, spanish scale, "
        "augmented second, hijaz scale, maqam hijaz, spanish phrygian, klezmer scale, egyptian scale",
        "major pentatonic": "major pentatonic, chinese scale, chinese pentatonic, pentatonic major",
        "minor pentatonic": "minor pentatonic, pentatonic minor, pentatonic",
        "blues": "blues scale, blue notes, bluesy, blue note",
        "whole tone": "whole tone, whole tones, whole tone scale",
        "in-sen": "in sen, insen, hirajoshi, japanese scale, japanese pentatonic, miyako bushi, in scale, kumoi, "
        "iwato, yo scale",
        "slendro": "slendro, pelog, gamelan scale",
        "chromatic": "chromatic, atonal, dissonant, dissonance, dissonances, twelve tone, serial, atonality, "
        "clusters, cluster, chromaticism, clashing, discordant",
    }
)
"""Words for scales."""

HARMONY: Final = _words(
    {
        "functional": "functional harmony, simple chords, classical harmony, catchy chords",
        "modal": "modal, modal harmony, modal jazz, folk harmony",
        "jazz": "jazz chords, jazzy chords, seventh chords, sevenths, extended chords, jazz harmony, ii v i, "
        "ninth chords, lush chords, jazzy harmony, maj 7",
        "drone": "drone, drones, droning, single chord, one chord, tanpura, static harmony, over a drone",
        "power": "power chords, heavy riffs, guitar riff, guitar riffs",
        "quartal": "quartal, open fifths, fourths, suspended chords, sus chords, quartal harmony",
        "pedal": "pedal point, pedal tone, pedal, bass pedal",
        "minimal": "two chords, minimal, repetitive, hypnotic, looping, loop",
        "blues": "twelve bar, 12 bar, blues progression, blues changes, twelve bar blues, 12 bar blues",
        "dark": "dark chords, dark harmony, unsettling chords, menacing chords",
        "epic": "epic chords, epic progression",
    }
)
"""Words for chords."""

FIGURATION: Final = _words(
    {
        "sustained": "sustained, held chords, long notes, long chords, held notes, swells, swelling, sustained chords",
        "arpeggio": "arpeggio, arpeggios, arpeggiated, arp, arps, broken chords, fingerpicked, fingerpicking, "
        "finger picked, finger picking, rolling chords, arpeggiator, arpeggiating, rolls",
        "ostinato": "ostinato, ostinatos, ostinati, repeating figure, repeating pattern, sequencer, riff, pulsing, "
        "pulse, pulsating, looping pattern, motorik",
        "strum": "strum, strummed, strumming, strums, strummy",
        "stabs": "stabs, stab, hits, chord stabs, staccato chords, horn stabs, brass stabs, synth stabs, piano stabs",
        "off-beat": "off beat, offbeat, off beats, offbeats, skank, skanks, upstrokes, off beat chords, skanking, "
        "oom pah, oom pah pah, oompah",
        "walking": "walking bass, walking bassline, walking bass line, walking",
        "tremolo": "tremolo, tremolando, trembling",
        "alberti": "alberti, alberti bass",
        "stride": "stride, stride piano, stride bass",
    }
)
"""Words for what accompanies."""


@dataclass(frozen=True, kw_only=True)
class Pull:
    """How a word moves number axes: axis, where to, and how much of the way, in [0, 1]."""

    moves: tuple[tuple[str, float, float], ...]


def _pulls(rows: dict[str, str]) -> dict[str, Pull]:
    """Read a table of words to "axis target share, ...", the share 1 where it is left out."""
    table: dict[str, Pull] = {}
    for words, moves in rows.items():
        parsed = []
        for move in moves.split(", "):
            axis, target, *share = move.split()
            parsed.append((axis, float(target), float(share[0]) if share else 1.0))
        for word in words.split(", "):
            table[word] = Pull(moves=tuple(parsed))
    return table


SOUND: Final = _pulls(
    {
        # Production.
        "lo fi, lofi, low fidelity, dusty, old tape": "low_pass_hz 5000, wow 0.4, saturation 0.2 0.7, bits 12",
        "cassette, tape, tape hiss, tape saturation, wow and flutter, vhs, warped, wobbly, warbly, detuned, "
        "out of tune": "wow 0.5, low_pass_hz 8000 0.6",
        "vinyl, vinyl crackle, crackle, crackling, hiss, hissy, gramophone, old record, scratchy, shellac, old radio, "
        "phonograph": "low_pass_hz 5500, wow 0.25, width 0.2",
        "radio, telephone, megaphone, muffled, filtered, behind a door, through a wall, distant radio, "
        "dull": "low_pass_hz 2500, width 0.2",
        "8 bit, 8bit, eight bit, nes, game boy, gameboy, c 64, commodore 64, sid": "bits 8, width 0.3, room 0.1",
        "16 bit, 16bit, snes, mega drive, genesis": "bits 12, room 0.3",
        "bitcrushed, bit crushed, bit crush, bitcrush, crushed": "bits 6",
        "dry, close, close mic, intimate, no reverb, in your face": "room 0.1",
        "room, small room, live room": "room 0.35",
        "distant, far away, faraway": "room 0.85, low_pass_hz 7000 0.6",
        "hall, concert hall, wet, plate reverb, gated reverb, spring reverb, delay, dub delay, washed out, "
        "reverb, reverberant, echoing, echoes, echo, echoey, spacious, airy": "room 0.75",
        "huge hall, cathedral reverb, cavernous, vast, endless reverb, huge reverb, big reverb, long reverb, "
        "massive reverb, drenched in reverb, stone halls, boundless": "room 0.95",
        "mono, monophonic sound, narrow": "width 0.0",
        "wide, wide stereo, panoramic, surround, immersive, enormous": "width 0.9",
        "warm, mellow, soft tone, rounded": "low_pass_hz 9000 0.6, saturation 0.1 0.5",
        "dark tone, murky": "low_pass_hz 5000 0.7",
        "distorted, distortion, gritty, crunchy, fuzz, fuzzy, overdriven, dirty, grimy, saturated, "
        "raw": "saturation 0.6",
        "heavy, crushing, brutal": "saturation 0.4 0.6, density 0.65 0.4",
        "clean, polished, pristine, hi fi, crisp, glossy": "saturation 0.0, wow 0.0, low_pass_hz 20000, bits 16",
        "pumping, sidechain, side chain, sidechained, side chained": "pump 0.7",
        # How many notes.
        "sparse, minimal, minimalistic, few notes, empty, barren, bare, spare, thin, simple, quiet, restrained, "
        "understated, fewer notes, less notes": "density 0.25 0.8",
        "busy, dense, layered, thick, maximal, wall of sound, complex, intricate, virtuosic, virtuoso, flurry, "
        "ornate, chaotic, hectic, "
        "many notes, more notes": "density 0.8 0.8",
        "frantic, frenetic, frenzied, manic": "density 0.8 0.6",
        # How high.
        "low register, very low, subterranean, rumbling, low, bassy": "register -7 0.8",
        "high, crystalline, shimmering, sparkling, high pitched, high register, soaring, tinkling, twinkling, "
        "piercing": "register 7 0.8",
        # How long.
        "staccato, short notes, plucky, clipped, pointed, spiky, detached, choppy, pizzicato, glitchy, "
        "stuttering, chopped, tight": "articulation 0.1",
        "marcato, accented, punchy, percussive": "articulation 0.25",
        "legato, smooth, flowing, lyrical, connected, sustained, cantabile, lush, drawn out": "articulation 0.85",
        "tenuto, held": "articulation 0.8",
    }
)
"""Words for production, density, register and articulation."""

MOOD: Final = _pulls(
    {
        "happy, cheerful, joyful, joyous, merry, jolly, sunny, bright, glad, delighted, gleeful, festive, cheery, "
        "fun, jubilant, uplifting, feel good, optimistic": "valence 0.85 0.85, tension 0.05 0.6, arousal 0.6 0.4",
        "playful, quirky, whimsical, cute, bouncy, mischievous, cheeky, light hearted, lighthearted, childlike, "
        "bubbly, perky, funny, silly, goofy": "valence 0.7 0.7, tension 0.1 0.6, articulation 0.3 0.4",
        "hopeful, inspiring, wholesome, heartwarming, warm hearted, comforting, tender, sweet, "
        "lovely": "valence 0.6 0.7, tension 0.1 0.5",
        "triumphant, victorious, glorious, heroic, noble, majestic, proud, regal": "valence 0.7 0.7, arousal 0.75 0.6",
        "sad, sorrowful, mournful, heartbroken, heartbreaking, grieving, tearful, melancholy, melancholic, "
        "depressing, somber, sombre, tragic, lament, weeping, elegiac, "
        "desolate, forlorn, bleak, gloomy, funereal, dirge, despair, doleful, "
        "plaintive": "valence -0.75 0.85, arousal 0.2 0.5",
        "bittersweet, wistful, nostalgic, longing, yearning, pensive, lonely, lonesome, moody, regretful, autumnal, "
        "reflective": "valence -0.35 0.7, arousal 0.25 0.4",
        "dark, ominous, sinister, menacing, evil, brooding, threatening, foreboding, malevolent, demonic, cursed, "
        "grim, villain, villainous, doom, haunting": "valence -0.7 0.8, tension 0.75 0.7",
        "creepy, eerie, spooky, scary, unsettling, disturbing, haunted, ghostly, terrifying, horrifying, horror, "
        "nightmarish, uneasy, uncanny": "valence -0.8 0.85, tension 0.9 0.85",
        "tense, suspenseful, nervous, anxious, urgent, nail biting, paranoid, edgy, "
        "suspense, tension": "tension 0.85 0.85, valence -0.3 0.4",
        "mysterious, enigmatic, curious, strange, weird, secretive, uncertain": "tension 0.5 0.6, valence -0.1 0.5",
        "angry, aggressive, furious, violent, brutal, fierce, savage, relentless, rage, raging, vicious, merciless, "
        "ferocious": "arousal 0.95 0.85, tension 0.8 0.7, valence -0.5 0.6",
        "intense, energetic, powerful, pounding, explosive, high energy, adrenaline, driving, frantic, hectic, epic, "
        "massive, pumping, euphoric, ecstatic, wild, fiery, action packed, hyper, "
        "energy": "arousal 0.9 0.8",
        "calm, peaceful, relaxing, relaxed, gentle, soothing, serene, tranquil, quiet, soft, restful, chill, chilled, "
        "mellow, subdued, sleepy, lullaby, delicate, meditative, cozy, cosy, "
        "laid back": "arousal 0.12 0.8, tension 0.05 0.7",
        "romantic, passionate, loving, sensual, intimate, sultry": "valence 0.3 0.5, arousal 0.35 0.4",
        "dreamy, ethereal, floating, hypnotic, hazy, trance like, otherworldly, celestial, "
        "magical": "arousal 0.15 0.6, room 0.85 0.7, articulation 0.8 0.4",
        "solemn, serious, stately, reverent, sacred, ceremonial, dignified": "arousal 0.25 0.5, valence -0.1 0.4",
        "groovy, funky, cool, sassy, danceable, catchy": "arousal 0.65 0.4, valence 0.4 0.4",
    }
)
"""Words for moods."""

# Moods that ask for a major or a minor scale where the text names none, and that quicken or slow down.
BRIGHT_MOODS: Final = frozenset(
    listed(
        "happy, cheerful, joyful, joyous, merry, jolly, sunny, glad, delighted, gleeful, festive, cheery, jubilant, "
        "uplifting, feel good, optimistic, hopeful, inspiring, whimsical, playful, silly, goofy, triumphant, "
        "victorious, glorious, wholesome, heartwarming, bubbly, perky, "
        "cute"
    )
)
DARK_MOODS: Final = frozenset(
    listed(
        "sad, sorrowful, mournful, heartbroken, heartbreaking, grieving, tearful, melancholy, melancholic, "
        "depressing, somber, sombre, tragic, lament, weeping, elegiac, desolate, forlorn, bleak, gloomy, funereal, "
        "dirge, despair, doleful, plaintive, dark, ominous, sinister, menacing, evil, brooding, threatening, "
        "foreboding, malevolent, demonic, cursed, grim, villain, villainous, creepy, eerie, spooky, scary, "
        "unsettling, disturbing, haunted, ghostly, terrifying, horrifying, horror, nightmarish, uneasy, tense, "
        "suspenseful, angry, aggressive, furious, brutal, haunting, lonely, lonesome"
    )
)
SLOW_MOODS: Final = frozenset(
    listed(
        "calm, peaceful, gentle, soothing, serene, tranquil, restful, sleepy, lullaby, meditative, mournful, "
        "heartbroken, sorrowful, dirge, funereal, solemn, stately"
    )
)
FAST_MOODS: Final = frozenset(
    listed(
        "intense, energetic, high energy, adrenaline, frantic, hectic, hyper, furious, relentless, aggressive, "
        "euphoric, wild, fiery, action packed, upbeat"
    )
)
