"""The instruments that texts name: their words, the nearest General MIDI programme, and what they are good for.

Instruments that General MIDI lacks are mapped to the programme that sounds most alike (an oud to the nylon guitar).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from segue.instruments import PROGRAMS
from segue.style.terms import listed

Part = Literal["line", "pluck", "chords", "pad", "mallet", "bass"]


@dataclass(frozen=True, kw_only=True)
class NamedInstrument:
    """What a text means by the name of an instrument.

    Attributes:
        programs: Names of `segue.instruments`; more than one where the words mean a section.
        part: What it plays best. "line": one melody; "pluck": melodies and chords on strings; "chords": both hands;
            "pad": held chords; "mallet": melodies and patterns that ring; "bass".
        generic: Whether the words leave open which one: "guitar". One of the same family in the style is taken then.
    """

    programs: tuple[str, ...]
    part: Part
    generic: bool = False

    def __post_init__(self) -> None:
        for program in self.programs:
            if program not in PROGRAMS:
                raise ValueError(f"{program!r} is no instrument")


# Programmes; part; words with ", " between them; "*" before the words: generic.
_ROWS: Final[tuple[tuple[str, Part, str], ...]] = (
    # Keys.
    ("piano", "chords", "*piano, grand piano, pianos, concert piano, upright piano, felt piano, pianist"),
    ("bright piano", "chords", "bright piano, house piano, rock piano, cp 80"),
    (
        "honky-tonk piano",
        "chords",
        "honky tonk piano, honky tonk, saloon piano, barroom piano, tack piano, player piano, out of tune piano, "
        "detuned piano",
    ),
    ("electric piano", "chords", "electric piano, rhodes, fender rhodes, wurlitzer, wurli, e piano, epiano"),
    ("FM electric piano", "chords", "dx 7, fm piano, fm electric piano, fm synth, fm bell, digital piano"),
    ("electric grand", "chords", "electric grand"),
    ("harpsichord", "chords", "harpsichord, harpsichords, clavichord, cembalo, spinet, virginal"),
    ("clavinet", "chords", "clavinet, clavi, clav"),
    ("drawbar organ", "chords", "hammond, hammond organ, jazz organ, b 3, drawbar organ, leslie"),
    ("percussive organ", "chords", "percussive organ"),
    ("rock organ", "chords", "rock organ, distorted organ, farfisa, vox organ, combo organ"),
    ("church organ", "chords", "*organ, church organ, pipe organ, cathedral organ, gothic organ, organs, organist"),
    ("reed organ", "chords", "harmonium, sheng, reed organ, pump organ, melodeon, shruti box"),
    ("accordion", "chords", "accordion, concertina, squeezebox, musette, accordions, melodica"),
    ("bandoneon", "chords", "bandoneon"),
    ("celesta", "mallet", "celesta, celeste, toy piano, crystal bells, glass harmonica, glass armonica, glass harp"),
    # Plucked.
    (
        "nylon guitar",
        "pluck",
        "*guitar, *acoustic guitar, nylon guitar, nylon string guitar, classical guitar, spanish guitar, "
        "flamenco guitar, vihuela, guitars",
    ),
    (
        "nylon guitar",
        "pluck",
        "oud, lute, lutes, saz, baglama, setar, ukulele, uke, ukuleles, theorbo, cavaquinho, charango, cuatro, "
        "balalaika, domra, qanbus",
    ),
    (
        "steel guitar",
        "pluck",
        "steel guitar, steel string guitar, twelve string guitar, 12 string guitar, twelve string, 12 string, "
        "tambura, folk guitar, fingerpicked guitar, "
        "slide guitar, pedal steel, lap steel, dobro, resonator guitar, bouzouki, mandolin, mandolins, cittern, "
        "mandola, strummed guitar, western guitar",
    ),
    ("jazz guitar", "pluck", "jazz guitar, hollow body guitar, archtop, gypsy guitar"),
    (
        "clean guitar",
        "pluck",
        "*electric guitar, *electric guitars, clean guitar, twangy guitar, surf guitar, baritone guitar, "
        "tremolo guitar, telecaster, "
        "stratocaster, wah guitar, funk guitar, chorus guitar, twang, reverb guitar, slapback guitar, jangly guitar",
    ),
    ("muted guitar", "pluck", "muted guitar, palm muted guitar, muted guitars, palm mutes, palm muted"),
    (
        "overdriven guitar",
        "pluck",
        "overdriven guitar, overdriven guitars, crunchy guitar, crunch guitar, rock guitar, bluesy guitar, "
        "lead guitar, guitar riff, guitar riffs",
    ),
    (
        "distortion guitar",
        "pluck",
        "distorted guitar, distorted guitars, distortion guitar, heavy guitar, heavy guitars, metal guitar, "
        "metal guitars, fuzz guitar, power chords, "
        "distorted electric guitar, distorted electric guitars, shredding guitar, screaming guitar, chugging guitar, "
        "chugging guitars, chugging, djent guitar, seven string, down tuned guitars, "
        "downtuned guitars, heavy riffs, shredding",
    ),
    ("guitar harmonics", "pluck", "guitar harmonics, harmonics"),
    ("banjo", "pluck", "banjo, banjolele, banjos, banjo rolls"),
    ("sitar", "pluck", "sitar, sitars, veena, sarod"),
    ("shamisen", "pluck", "shamisen, sanshin, biwa, pipa, ruan, liuqin, tovshuur"),
    ("koto", "pluck", "koto, kantele, guzheng, guqin, zheng, gayageum, zither, zithers, qanun, kanun, autoharp"),
    ("harp", "chords", "harp, harps, ngoni, nyatiti, lyre, celtic harp, kora, lyres, psaltery"),
    ("dulcimer", "mallet", "dulcimer, hammered dulcimer, santur, santoor, cimbalom, yangqin, cymbalom"),
    ("kalimba", "mallet", "kalimba, mbira, thumb piano, sansula"),
    # Bowed.
    ("violin", "line", "violin, violins, solo violin, violinist, first violin"),
    (
        "fiddle",
        "line",
        "fiddle, fiddles, gadulka, vielle, haegeum, celtic fiddle, erhu, hardanger fiddle, kamancheh, rebab, "
        "nyckelharpa, hurdy gurdy, rebec, "
        "sarangi",
    ),
    ("viola", "line", "viola, violas, viola da gamba, horsehead fiddle, morin khuur, gamba, viol"),
    ("cello", "line", "cello, cellos, violoncello, celli, cellist"),
    ("contrabass", "bass", "contrabass, contrabasses, bowed bass, double basses, arco bass, basses"),
    (
        "tremolo strings",
        "pad",
        "tremolo strings, tremolo violins, trembling strings, screeching violins, screeching strings, "
        "scraping strings, shrieking strings, scratchy strings",
    ),
    ("pizzicato strings", "pad", "pizzicato, pizzicato strings, pizz, plucked strings, pizzicatos"),
    (
        "strings",
        "pad",
        "*strings, string section, string orchestra, string ensemble, orchestral strings, staccato strings, spiccato, "
        "spiccato strings, high strings, "
        "string stabs, lush strings",
    ),
    ("cello, contrabass", "pad", "*low strings, *deep strings, *dark strings"),
    ("strings, horn", "pad", "*orchestra, full orchestra, big orchestra, huge orchestra, symphony orchestra"),
    (
        "slow strings",
        "pad",
        "soft strings, slow strings, warm strings, legato strings, mellow strings, gentle strings, string pad, "
        "string pads, sustained strings, quiet strings",
    ),
    ("synth strings", "pad", "synth strings, string machine, solina, mellotron, string synth, synthetic strings"),
    # Brass.
    ("trumpet", "line", "trumpet, trumpets, cornett, cornet, flugelhorn, bugle, piccolo trumpet, trumpeter"),
    ("muted trumpet", "line", "muted trumpet, muted trumpets, harmon mute, mute trumpet, muted brass"),
    ("trombone", "line", "trombone, trombones, sackbut, sackbuts, bass trombone, low brass, euphonium"),
    ("tuba", "bass", "tuba, tubas, ophicleide, sousaphone, helicon"),
    (
        "horn",
        "line",
        "french horn, french horns, horn, conch, wagner tuba, alphorn, hunting horn, war horn, shofar, "
        "horn section call",
    ),
    ("brass", "pad", "*brass, brass section, horns, horn section, brass stabs, horn stabs, horn hits, brass hits"),
    ("synth brass", "pad", "synth brass, synth horns, brass synth, analog brass"),
    # Reeds and pipes.
    ("soprano saxophone", "line", "soprano sax, soprano saxophone"),
    ("alto saxophone", "line", "*sax, *saxophone, alto sax, alto saxophone, saxophones, saxes, saxy"),
    ("tenor saxophone", "line", "tenor sax, tenor saxophone"),
    ("baritone saxophone", "line", "baritone sax, baritone saxophone, bari sax"),
    ("oboe", "line", "oboe, oboes, shawm, bombarde"),
    ("english horn", "line", "english horn, cor anglais, duduk, armenian duduk, mey, crumhorn"),
    ("bassoon", "line", "bassoon, bassoons, contrabassoon, dulcian"),
    ("clarinet", "line", "clarinet, clarinets, bass clarinet, basset horn"),
    ("piccolo", "line", "piccolo, piccolos, fife, fifes"),
    (
        "flute",
        "line",
        "flute, flutes, wooden flute, wooden flutes, alto flute, dizi, bamboo flute, silver flute, flutist, xiao, "
        "traverso",
    ),
    ("recorder", "line", "recorder, recorders, block flute"),
    (
        "pan flute",
        "line",
        "pan flute, pan flutes, pan pipes, panpipes, pan pipe, panpipe, zampona, siku, quena, native flute",
    ),
    (
        "shakuhachi",
        "line",
        "shakuhachi, daegeum, ney, ney flute, nay, bansuri, kaval, suling, breathy flute, ethnic flute",
    ),
    ("bottle", "line", "didgeridoo, didgeridoos, didge, blown bottle"),
    (
        "whistle",
        "line",
        "whistle, tin whistle, penny whistle, low whistle, whistling, human whistle, theremin, ondes martenot, "
        "musical saw, "
        "irish whistle",
    ),
    ("ocarina", "line", "ocarina, ocarinas"),
    ("harmonica", "line", "harmonica, kazoo, blues harp, mouth harp, harmonicas, jaw harp, jews harp"),
    ("bagpipe", "line", "bagpipe, bagpipes, gaida, uilleann pipes, highland pipes, pipes and drums, small pipes"),
    ("shanai", "line", "shehnai, hichiriki, shanai, zurna, suona, mizmar, nadaswaram"),
    ("flute, clarinet, oboe", "line", "*woodwinds, *woodwind, *wind ensemble, wind section"),
    # Small groups, which play alone.
    (
        "flute, oboe, clarinet, bassoon, horn",
        "line",
        "wind quintet, woodwind quintet, wind sextet, wind octet, woodwind ensemble, woodwind trio, wind trio",
    ),
    (
        "soprano saxophone, alto saxophone, tenor saxophone, baritone saxophone",
        "line",
        "saxophone quartet, saxophone ensemble",
    ),
    ("flute", "pad", "flute trio, flute quartet, flute ensemble"),
    ("recorder", "pad", "recorder consort, recorder quartet, recorder ensemble"),
    ("clarinet", "pad", "clarinet quartet, clarinet trio"),
    ("cello", "pad", "cello quartet, cello ensemble, cello octet"),
    ("trombone", "pad", "trombone quartet"),
    ("horn", "pad", "horn quartet"),
    ("nylon guitar", "pluck", "guitar quartet, guitar trio, guitar ensemble"),
    # Ringing.
    (
        "glockenspiel",
        "mallet",
        "glockenspiel, glock, bells, orchestra bells, chimes, wind chimes, sparkling bells, tinkling bells",
    ),
    ("music box", "mallet", "music box, musical box, music boxes, musicbox"),
    ("vibraphone", "mallet", "vibraphone, vibes, saron, kulintang, vibraphones, metallophone, metallophones, bonang"),
    ("marimba", "mallet", "marimba, marimbas, balafon, wooden mallets, mallets, wood blocks melody, gyil"),
    ("xylophone", "mallet", "xylophone, xylophones, angklung"),
    (
        "tubular bells",
        "mallet",
        "tubular bells, carillon, church bells, church bell, tolling bell, tolling bells, cathedral bells, bell tower, "
        "death knell, gong bells",
    ),
    (
        "tinkle bell",
        "mallet",
        "tinkle bell, finger cymbals, small bells, glass bells, glassy bells, icy bells, handbells, hand bells, "
        "sleigh bells, jingle bells, crotales, singing bowls, singing bowl",
    ),
    (
        "steel drums",
        "mallet",
        "steel drums, steel drum, steel pan, steelpan, steel pans, steelpans, steel band, hang drum, handpan",
    ),
    # Voices.
    (
        "choir",
        "pad",
        "choir, chorus choir, choirs, chant, chanting, chorale, male choir, latin choir, monks, boys choir, "
        "children choir, childrens choir, choral, gregorian chant, huge choir, throat singing",
    ),
    (
        "voices",
        "line",
        "voices, voice, vocals, vocal, wordless voices, humming, soprano, singer, female voice, female vocals, "
        "male voice, tenor voice, baritone voice, alto voice, ethereal voices",
    ),
    ("voices", "pad", "whispers, whispering voices, whispering, ooh, aah"),
    ("synth voice", "pad", "synth voice, vocoder, synth choir, robotic voice, talkbox"),
    # Synthesizers.
    (
        "square lead",
        "line",
        "square wave, square waves, pulse wave, pulse waves, square lead, chip lead, bleeps, blips, bleeping, beeps, "
        "bleepy",
    ),
    (
        "saw lead",
        "line",
        "saw lead, moog, minimoog, sawtooth, saw wave, synth lead, lead synth, supersaw, super saw, "
        "analog lead, moog lead, hoover, "
        "rave stabs, saw synth, saw waves",
    ),
    ("calliope lead", "line", "calliope, steam organ, fairground organ, triangle wave"),
    ("charang lead", "line", "charang, keytar"),
    (
        "polysynth pad",
        "pad",
        "*synth, *synths, *synthesizer, *synthesizers, *synthesiser, *synthesisers, analog synth, analog synths, "
        "polysynth, juno, jupiter, prophet, synth chords, synth stabs, "
        "modular synth, sequencer",
    ),
    (
        "warm pad",
        "pad",
        "*pads, *pad, warm pad, warm pads, soft pads, soft pad, synth pad, synth pads, lush pads, ambient pads, "
        "dreamy pads, analog pads",
    ),
    ("glass pad", "pad", "glass pad, glass pads, glassy pads, icy pads, crystalline pads"),
    ("sweep pad", "pad", "sweep pad, sweeping pads, evolving pads, dark pads, dark pad, swelling pads"),
    ("metal pad", "pad", "metal pad, waterphone, metallic pads, metallic pad, metallic drones"),
    ("halo pad", "pad", "halo pad, heavenly pads, airy pads, angelic pads"),
    ("fantasia pad", "pad", "fantasia, bell pad, new age pad"),
    ("choir pad", "pad", "choir pad, vocal pad, vox pad"),
    ("crystal", "mallet", "crystal, shimmer, shimmering bells, synth bells, digital bells, fm bells"),
    # Basses.
    (
        "acoustic bass",
        "bass",
        "double bass, upright bass, acoustic bass, string bass, standup bass, stand up bass, plucked bass, guitarron, "
        "washtub bass",
    ),
    (
        "finger bass",
        "bass",
        "bass guitar, electric bass, finger bass, fingered bass, funk bass, motown bass, melodic bass",
    ),
    ("picked bass", "bass", "picked bass, pick bass, rock bass, distorted bass, fuzz bass, overdriven bass"),
    ("fretless bass", "bass", "fretless bass, fretless"),
    ("slap bass", "bass", "slap bass, slapped bass, slapping bass, popping bass, popped bass"),
    (
        "synth bass",
        "bass",
        "synth bass, bass synth, moog bass, reese, reese bass, wobble bass, wobble, wobbles, growling bass, "
        "growl bass, analog bass, acid bass, 303, tb 303, pulsing bass, "
        "synthesizer bass, bass sequencer",
    ),
    ("soft synth bass", "bass", "sub bass, subbass, sub, 808 bass, 808s, sine bass, deep sub, bass drop, 808"),
)


def _instruments() -> Iterator[tuple[str, NamedInstrument]]:
    for programs, part, words in _ROWS:
        certain, generic = (
            NamedInstrument(programs=listed(programs), part=part, generic=open_) for open_ in (False, True)
        )
        for word in listed(words):
            yield word.removeprefix("*"), generic if word.startswith("*") else certain


INSTRUMENTS: Final[dict[str, NamedInstrument]] = dict(_instruments())
"""Each word or phrase that names an instrument."""

FAMILIES: Final[dict[str, frozenset[str]]] = {
    name: frozenset(programs.split(", "))
    for name, programs in {
        "guitar": "nylon guitar, steel guitar, jazz guitar, clean guitar, muted guitar, overdriven guitar, "
        "distortion guitar, guitar harmonics",
        "electric guitar": "jazz guitar, clean guitar, muted guitar, overdriven guitar, distortion guitar",
        "acoustic guitar": "nylon guitar, steel guitar",
        "orchestra": "violin, viola, cello, contrabass, tremolo strings, pizzicato strings, strings, slow strings, "
        "trumpet, trombone, tuba, horn, brass, flute, oboe, clarinet, bassoon, piccolo, timpani",
        "strings": "violin, viola, cello, contrabass, tremolo strings, pizzicato strings, strings, slow strings, "
        "fiddle",
        "brass": "trumpet, trombone, tuba, muted trumpet, horn, brass",
        "woodwinds": "piccolo, flute, recorder, pan flute, oboe, english horn, bassoon, clarinet, shakuhachi, "
        "ocarina, whistle",
        "flute": "piccolo, flute, recorder, pan flute, shakuhachi, ocarina, whistle, bottle",
        "saxophone": "soprano saxophone, alto saxophone, tenor saxophone, baritone saxophone",
        "piano": "piano, bright piano, electric grand, honky-tonk piano",
        "keys": "piano, bright piano, electric grand, honky-tonk piano, electric piano, FM electric piano, "
        "harpsichord, clavinet",
        "organ": "drawbar organ, percussive organ, rock organ, church organ, reed organ",
        "choir": "choir, voices, synth voice, choir pad, voice lead",
        "bells": "glockenspiel, tubular bells, tinkle bell, celesta, crystal, music box",
        "synth": "synth bass, soft synth bass, synth strings, soft synth strings, synth brass, soft synth brass, "
        "synth voice, square lead, saw lead, "
        "calliope lead, chiff lead, charang lead, voice lead, fifths lead, bass lead, fantasia pad, warm pad, "
        "polysynth pad, choir pad, glass pad, metal pad, "
        "halo pad, sweep pad, rain, soundtrack pad, crystal, atmosphere, brightness, goblins, echoes, star theme",
        "pads": "fantasia pad, warm pad, polysynth pad, choir pad, glass pad, metal pad, halo pad, sweep pad",
        "bass": "acoustic bass, finger bass, picked bass, fretless bass, slap bass, popped bass, synth bass, "
        "soft synth bass, contrabass",
        "plucked": "nylon guitar, steel guitar, harp, sitar, banjo, shamisen, koto, pizzicato strings, dulcimer",
    }.items()
}
"""Instruments that go by one word, when a text leaves them out, allows nothing else, or says "guitar"."""

FAMILY_WORDS: Final[dict[str, str]] = {
    words: family
    for family, named in {
        "guitar": "guitar, guitars",
        "electric guitar": "electric guitar, electric guitars, distortion, distorted guitars",
        "acoustic guitar": "acoustic guitar, acoustic guitars",
        "orchestra": "orchestra, full orchestra, big orchestra, huge orchestra, symphony orchestra",
        "strings": "strings, string, string section, violins, low strings, high strings, string orchestra, "
        "string ensemble",
        "brass": "brass, horns, brass section, trumpets, horn section",
        "woodwinds": "woodwinds, woodwind",
        "flute": "flute, flutes",
        "saxophone": "sax, saxophone, saxophones, saxes",
        "piano": "piano, pianos",
        "keys": "keys, keyboards, keyboard",
        "organ": "organ, organs",
        "choir": "choir, choirs, voices, vocals, vocal, voice, chant, singers, choral",
        "bells": "bells, chimes",
        "synth": "synth, synths, synthesizer, synthesizers, synthesiser, synthesisers, electronics, "
        "electronic sounds, electronic, electronic instruments",
        "pads": "pad, pads",
        "bass": "bass, basses, bassline, bass line",
    }.items()
    for words in named.split(", ")
}
"""The family that a word means."""

# Percussion: its kind in a profile, and the groove that it plays where the style has none.
_DRUMS: Final = (
    (
        "kit",
        "rock",
        "drum kit, drum set, drumkit, rock drums, live drums, acoustic drums, gated drums, crash cymbals, cymbal, "
        "hi hats, hi hat, kick, rimshot",
    ),
    (
        "kit",
        "straight",
        "drums, drum, drumming, percussion, percussive, beat, beats, rhythm section, backing beat, light drums, "
        "soft drums, heavy drums, light percussion, drummer",
    ),
    (
        "brushes",
        "ballad brushes",
        "brushes, brushed drums, brush drums, brushed snare, brushed kit, jazz drums, soft brushes, with brushes",
    ),
    (
        "electronic",
        "straight",
        "drum machine, electronic drums, drum machines, electronic beat, electronic beats, linn drum, linndrum, "
        "synthetic drums, programmed drums, tr 909, 909, 707, gated snare, "
        "electronic percussion, edm drums",
    ),
    (
        "808",
        "trap",
        "808, 808s, 808 drums, tr 808, trap drums, trap hi hats, rolling hi hats, rolling hats, hi hat rolls, "
        "trap hats",
    ),
    ("taiko", "taiko", "taiko, taikos, taiko drums, odaiko"),
    (
        "taiko",
        "war drums",
        "war drums, battle drums, epic drums, huge drums, thunderous drums, pounding drums, pounding percussion, "
        "low drums, giant drums, massive drums, deep drums, war drum",
    ),
    (
        "orchestral",
        "sparse",
        "timpani, timpanis, kettle drums, kettledrums, orchestral percussion, bass drum, cymbals, gong, gongs, "
        "tam tam, triangle, temple blocks, anvil, anvils, ratchet, mark tree, wood block, woodblock, "
        "woodblocks, woodblock percussion",
    ),
    (
        "hand drums",
        "hand drums",
        "hand drums, hand drum, cowbell, cowbells, daf, darbuka, doumbek, tabla, tablas, riq, dholak, dhol, "
        "frame drum, frame drums, "
        "bendir, "
        "cajon, hand percussion, tambourine, tambourines, shaker, shakers, "
        "maracas, castanets, dunun, mridangam, tsuzumi, janggu, davul, tabor, spoons, washboard, finger snaps, "
        "finger clicks, snapping fingers, vibraslap, rainstick, beatboxing, clapping, hand claps, handclaps, "
        "claps, palmas, stomping, foot stomps, bodhran, "
        "bodhrans, ethnic percussion, body percussion, udu, rattles, clap, stomps",
    ),
    ("hand drums", "samba", "surdo, surdos, cuica, pandeiro, tamborim, agogo, repinique, berimbau"),
    ("hand drums", "clave", "congas, conga, bongos, bongo, timbales, guiro, claves, latin percussion"),
    (
        "hand drums",
        "tribal",
        "djembe, djembes, tribal drums, african drums, log drums, ritual drums, jungle drums, talking drum, tom toms, "
        "toms, tribal percussion, tribal beat, shamanic drum",
    ),
    (
        "snare drum",
        "march",
        "snare, snares, snare drum, snare drums, marching drums, military drums, field drums, drum corps, side drum, "
        "snare roll, snare rolls, military snare, drum roll",
    ),
    (
        "metal kit",
        "blast",
        "blast beats, blast beat, double kick, double bass drum, double kicks, metal drums, double bass drums, "
        "double bass drumming, double kick drums",
    ),
    ("chip", "straight", "noise drums, chip drums, 8 bit drums, noise channel"),
)
DRUMS: Final[dict[str, tuple[str, str]]] = {
    words: (percussion, groove) for percussion, groove, named in _DRUMS for words in named.split(", ")
}
"""Each word for percussion: its kind, and a groove."""
GENERIC_DRUMS: Final = frozenset(_DRUMS[1][2].split(", "))
"""Words for percussion that leave its kind open."""

_HOMES: Final = (
    ("romantic piano", "piano, bright piano, electric grand"),
    ("ragtime", "honky-tonk piano"),
    ("lo-fi", "electric piano, FM electric piano"),
    ("baroque", "harpsichord"),
    ("soul", "drawbar organ, percussive organ"),
    ("organ fugue", "church organ"),
    ("musette", "accordion"),
    ("folk", "nylon guitar, steel guitar, harmonica"),
    ("jazz", "jazz guitar, vibraphone, acoustic bass"),
    ("rock", "clean guitar, muted guitar, overdriven guitar, picked bass, rock organ"),
    ("metal", "distortion guitar"),
    ("funk", "finger bass, slap bass, popped bass, clavinet"),
    ("string quartet", "violin, viola, cello, contrabass, strings"),
    ("love", "slow strings"),
    ("calm", "harp"),
    ("pastoral", "flute, oboe, english horn, clarinet, bassoon, recorder, piccolo"),
    ("jazz ballad", "soprano saxophone, alto saxophone, tenor saxophone, baritone saxophone"),
    ("jazz noir", "muted trumpet"),
    ("brass quintet", "trumpet, trombone, horn, tuba, brass"),
    ("chant", "choir, voices"),
    ("snow", "celesta, glockenspiel, tinkle bell, crystal"),
    ("minimalism", "marimba, xylophone"),
    ("synthwave", "polysynth pad, saw lead, synth bass, synth brass, synth strings"),
    ("chiptune", "square lead"),
    ("ambient", "warm pad, sweep pad, halo pad, glass pad, fantasia pad"),
)
HOMES: Final[dict[str, str]] = {program: style for style, programs in _HOMES for program in listed(programs)}
"""The named style that a text of an instrument alone means."""
DRUMS_HOME: Final = "rock"
"""The named style that a text of drums alone means."""
