"""Dances, marches and songs of Europe."""

from __future__ import annotations

from typing import Final

from segue.style.points.named_style import Roles, genre, scene

# A style reads as one row of a table.
# fmt: off
ROWS: Final = (
    genre("Celtic jig",
          "breton, welsh, brittany, "
          "jig, celtic, irish, ireland, irish jig, gaelic, celtic jig, slip jig, ceilidh, riverdance, irish pub, "
          "irish dance, session tune, irish tavern, leprechaun",
          ("celtic jig, fiddle and whistle", "irish dance in six eight", "lively jig in the pub, bodhran and guitar"),
          Roles("fiddle, whistle", "accordion", "steel guitar", "acoustic bass", ""),
          layout="folk dance", groove="jig", percussion="hand drums", scale="mixolydian", harmony="functional",
          figuration="strum", tempo_bpm=168.0, meter=6, density=0.65, valence=0.8, arousal=0.8, tension=0.1),
    genre("reel", "irish reel, scottish reel, celtic reel, hornpipe, strathspey",
          ("irish reel, fast fiddle in four", "tin whistle reel", "scottish country dance"),
          Roles("whistle, fiddle", "accordion", "steel guitar", "acoustic bass", ""),
          layout="folk dance", groove="reel", percussion="hand drums", scale="dorian", harmony="functional",
          figuration="strum", tempo_bpm=112.0, density=0.75, valence=0.7, arousal=0.8, tension=0.1),
    genre("Celtic air",
          "irish lament, celtic lament, irish air, irish lullaby, celtic lullaby, "
          "celtic harp, celtic ballad, slow air, irish ballad, celtic fantasy, enya, gaelic song, highland lament, "
          "celtic woman, irish harp",
          ("celtic harp, slow air", "misty highlands, low whistle and harp", "sad irish ballad"),
          Roles("whistle, flute", "violin", "harp, slow strings", "cello", "harp"),
          layout="calm", groove="none", percussion="hand drums", scale="dorian", harmony="modal",
          figuration="arpeggio", tempo_bpm=68.0, density=0.4, room=0.75, valence=0.0, arousal=0.2, tension=0.15),
    genre("bagpipes",
          "bagpipe, scottish, scotland, highland, highlands, highland pipes, clan, clans, pipes and drums",
          ("highland bagpipes and drums", "scottish clans marching", "bagpipes over the moor"),
          Roles("bagpipe", "whistle", "bagpipe", "", ""),
          layout="military band", groove="march", percussion="snare drum", scale="mixolydian", harmony="drone",
          figuration="sustained", tempo_bpm=92.0, room=0.5, valence=0.2, arousal=0.65, tension=0.25),
    genre("sea shanty", "shanty, shanties, sailor song, hornpipe shanty",
          ("sea shanty, concertina and stomping", "sailors singing on deck", "rolling six eight at sea"),
          Roles("accordion, fiddle", "whistle", "steel guitar, accordion", "acoustic bass", ""),
          layout="folk dance", groove="jig", percussion="hand drums", scale="dorian", harmony="functional",
          figuration="strum", tempo_bpm=144.0, meter=6, valence=0.5, arousal=0.65, tension=0.15),
    genre("polka",
          "german, austrian, swiss, czech, polish, volksmusik, quadrille, galop, schottische, "
          "oom pah, oompah, oktoberfest, bavarian, beer hall, beer tent, alpine, schuhplattler, landler, yodel, "
          "yodeling, tyrolean, accordion polka, chicken dance, slovenian",
          ("polka, accordion and tuba", "bavarian beer festival, tuba and brass", "village polka with clarinet"),
          Roles("accordion, clarinet", "clarinet", "accordion", "tuba", ""),
          layout="polka band", groove="polka", percussion="kit", scale="major", harmony="functional",
          figuration="off-beat", tempo_bpm=120.0, meter=2, articulation=0.3, valence=0.9, arousal=0.7, tension=0.05),
    genre("klezmer",
          "jewish, hava nagila, yiddish, bar mitzvah, fiddler on the roof, freylekhs, gypsy wedding, jewish wedding",
          ("klezmer wedding, laughing clarinet", "klezmer band, accordion and violin",
           "yiddish dance, faster and faster"),
          Roles("clarinet, violin", "violin", "accordion", "tuba, acoustic bass", ""),
          layout="polka band", groove="polka", percussion="kit", scale="phrygian dominant", harmony="functional",
          figuration="off-beat", tempo_bpm=138.0, meter=2, density=0.6, valence=0.4, arousal=0.75, tension=0.25),
    genre("balkan",
          "romanian, hungarian, macedonian, albanian, gypsy, csardas, czardas, hora, kolo, tamburitza, "
          "tamburica, croatian, "
          "balkan brass, gypsy brass, romani, bulgarian, serbian, gypsy band",
          ("balkan brass band, wild and odd meters", "gypsy wedding, trumpets and tuba", "bulgarian dance in seven"),
          Roles("trumpet, clarinet", "alto saxophone", "brass, accordion", "tuba", ""),
          layout="polka band", groove="polka", percussion="kit", scale="phrygian dominant", harmony="functional",
          figuration="off-beat", tempo_bpm=140.0, meter=4, density=0.65, valence=0.3, arousal=0.85, tension=0.3),
    genre("russian",
          "georgian, siberian, cossacks, "
          "russia, balalaika, soviet, cossack, siberia, slavic, ukrainian, kalinka, hopak, gopak, red army, "
          "tetris theme, kazachok, moscow, babushka, russian folk",
          ("russian folk, balalaika and accordion", "cossack dance, faster and faster", "slavic melancholy song"),
          Roles("shamisen, accordion", "", "nylon guitar, accordion", "acoustic bass", ""),
          layout="folk dance", groove="polka", percussion="hand drums", scale="harmonic minor", harmony="functional",
          figuration="off-beat", tempo_bpm=118.0, meter=2, valence=-0.1, arousal=0.6, tension=0.3),
    genre("greek",
          "greece, rebetiko, sirtaki, bouzouki, mediterranean, italian, italy, mandolin, tarantella, sicilian, "
          "godfather, zorba, laiko, neapolitan, italian restaurant, venice, gondola, napoli, trattoria, pizzeria",
          ("greek bouzouki, island evening", "mandolin serenade in Italy", "mediterranean taverna, plucked strings"),
          Roles("nylon guitar, accordion", "violin", "steel guitar, nylon guitar", "acoustic bass", ""),
          layout="plucked duo", groove="hand drums", percussion="hand drums", scale="harmonic minor",
          harmony="functional", figuration="tremolo", tempo_bpm=112.0, valence=0.3, arousal=0.5, tension=0.2),
    genre("musette",
          "french, "
          "paris, parisian, france, chanson, accordion waltz, french cafe, montmartre, french accordion",
          ("french musette, accordion waltz", "paris street cafe", "accordion and guitar by the Seine"),
          Roles("accordion", "clarinet", "nylon guitar", "acoustic bass", ""),
          layout="polka band", groove="waltz", percussion="brushes", scale="minor", harmony="functional",
          figuration="off-beat", tempo_bpm=150.0, meter=3, valence=0.5, arousal=0.45, tension=0.1),
    genre("waltz",
          "edwardian, belle epoque, "
          "viennese waltz, vienna, viennese, ballroom, masquerade, strauss, ballroom waltz, blue danube, "
          "grand waltz, court ball",
          ("viennese waltz, strings and horns", "ballroom dance, elegant and whirling", "masked ball in the palace"),
          Roles("violin, flute", "clarinet", "strings, horn", "contrabass", "harp"),
          layout="waltz orchestra", groove="waltz", percussion="orchestral", scale="major", harmony="functional",
          figuration="off-beat", tempo_bpm=162.0, meter=3, valence=0.7, arousal=0.5, tension=0.1),
    genre("march", "marching, marching band, parade, brass band, sousa",
          ("march, brass band and drums", "parade through the city", "marching band, cymbals and tubas"),
          Roles("trumpet, piccolo", "horn", "brass, clarinet", "tuba", "glockenspiel"),
          layout="military band", groove="march", percussion="snare drum", scale="major", harmony="functional",
          figuration="off-beat", tempo_bpm=116.0, meter=2, valence=0.6, arousal=0.7, tension=0.15),
    genre("military march",
          "napoleonic, civil war, world war two, world war 2, world war ii, ww 2, wwii, military band, "
          "military, soldiers, army, snare and fife, fife, drum corps, regiment, troops, barracks",
          ("military march, snare and fife", "soldiers on parade, snare drum", "army camp, bugle and drums"),
          Roles("piccolo, trumpet", "", "brass", "tuba", ""),
          layout="military band", groove="march", percussion="snare drum", scale="major", harmony="functional",
          figuration="stabs", tempo_bpm=112.0, meter=2, articulation=0.3, room=0.35, valence=0.3, arousal=0.65,
          tension=0.3),
    genre("fanfare",
          "ancient rome, roman empire, colosseum, "
          "royal fanfare, trumpet fanfare, coronation, royal, king, herald, ceremony, ceremonial",
          ("royal fanfare, trumpets", "the king arrives, heralds", "coronation, majestic brass"),
          Roles("trumpet", "horn", "trombone, brass", "tuba", ""),
          layout="victory", groove="fanfare", percussion="orchestral", scale="major", harmony="functional",
          figuration="stabs", tempo_bpm=100.0, room=0.7, valence=0.8, arousal=0.7, tension=0.15),
    genre("medieval",
          "elizabethan, consort, recorder consort, viol consort, "
          "medieval feast, minstrel, troubadour, middle ages, lute, renaissance, jester, tudor, madrigal, "
          "hurdy gurdy, estampie, bardic, crusader, renaissance fair, dungeon synth, medieval village, "
          "medieval dance, the witcher, witcher",
          ("medieval feast, lute and recorder", "minstrel song in the castle hall",
           "renaissance dance, drum and shawm", "troubadour with a lute"),
          Roles("recorder, shanai", "recorder", "nylon guitar", "cello", ""),
          layout="folk dance", groove="hand drums", percussion="hand drums", scale="dorian", harmony="modal",
          figuration="strum", tempo_bpm=112.0, room=0.5, valence=0.4, arousal=0.5, tension=0.1),
    genre("viking",
          "norwegian, swedish, finnish, icelandic, danish, "
          "nordic, norse, vikings, scandinavian, skyrim, longship, valhalla, barbarian, northmen, fjord, "
          "god of war, wardruna, ragnarok, nordic folk, norse ritual, assassins creed valhalla",
          ("viking war drums and horns", "nordic folk, bowed lyre and chant", "longships in the fog, deep drums",
           "norse ritual, throat and drum"),
          Roles("fiddle, horn", "", "voices, cello", "contrabass", "choir"),
          layout="tribal", groove="war drums", percussion="taiko", scale="minor", harmony="drone",
          figuration="sustained", tempo_bpm=96.0, register=-4.0, room=0.7, valence=-0.3, arousal=0.65, tension=0.5),
    scene("pirate", "pirates, pirate ship, buccaneer, buccaneers, swashbuckling, privateer, monkey island, galleon",
          ("pirate adventure, accordion and brass", "pirates boarding a ship",
           "swashbuckling sea battle, strings and horn"),
          Roles("accordion, horn", "violin", "strings, accordion", "contrabass", ""),
          layout="tavern", groove="jig", percussion="hand drums", scale="minor", harmony="functional",
          figuration="off-beat", tempo_bpm=138.0, meter=6, width=0.7, valence=0.3, arousal=0.75, tension=0.3),
    scene("circus", "clown, clowns, big top, acrobats, trapeze",
          ("circus, oom-pah and calliope", "clowns tumbling in the ring", "acrobats under the big top"),
          Roles("calliope lead, xylophone", "piccolo", "brass, accordion", "tuba", "glockenspiel"),
          layout="polka band", groove="polka", percussion="snare drum", scale="major", harmony="functional",
          figuration="off-beat", tempo_bpm=140.0, meter=2, articulation=0.25, valence=0.7, arousal=0.75,
          tension=0.2),
    scene("carousel",
          "carnival, fairground, merry go round, amusement park, funfair, carousel waltz, theme park, calliope",
          ("carousel waltz, organ and bells", "fairground, merry-go-round", "amusement park, bright calliope"),
          Roles("calliope lead", "glockenspiel", "calliope lead, accordion", "tuba", "glockenspiel"),
          layout="waltz orchestra", groove="waltz", percussion="orchestral", scale="major", harmony="functional",
          figuration="off-beat", tempo_bpm=150.0, meter=3, valence=0.7, arousal=0.5, tension=0.15),
    scene("castle",
          "royal court, throne room, palace, knights, knight, kingdom, fortress, age of empires, stronghold, "
          "camelot, king arthur, high fantasy court",
          ("castle hall, noble horns", "knights of the kingdom", "throne room, stately and proud"),
          Roles("horn, trumpet", "oboe", "strings, harpsichord", "cello", "harp"),
          layout="exploration", groove="march", percussion="orchestral", scale="mixolydian", harmony="modal",
          tempo_bpm=92.0, room=0.7, valence=0.3, arousal=0.45, tension=0.2),
    genre("funeral march",
          "death march, funeral procession, funeral, dead march, new orleans funeral, state funeral, cortege",
          ("funeral march, low brass and muffled drums", "slow procession to the grave", "solemn death march"),
          Roles("trombone, horn", "clarinet", "brass", "tuba", "tubular bells"),
          layout="military band", groove="march", percussion="snare drum", scale="minor", harmony="functional",
          figuration="sustained", tempo_bpm=60.0, density=0.35, articulation=0.7, room=0.6, valence=-0.7,
          arousal=0.3, tension=0.4),
)
