"""Rock, country and folk of guitars."""

from __future__ import annotations

from typing import Final

from segue.style.points.named_style import Roles, genre, scene

# A style reads as one row of a table.
# fmt: off
ROWS: Final = (
    genre("rock",
          "britpop, power trio, garage band, brit rock, "
          "rock music, rock band, hard rock, classic rock, rock and roll anthem, arena rock, stadium rock, "
          "electric guitar rock, krautrock, motorik, psychedelic rock, psych rock, jam band, blues rock band, "
          "southern rock, glam rock, rock anthem, math rock, acid rock, indie band",
          ("rock band, electric guitars and drums", "hard rock riff", "classic rock with guitar solo",
           "driving rock anthem"),
          Roles("overdriven guitar", "", "overdriven guitar", "picked bass", ""),
          layout="rock band", groove="rock", percussion="kit", scale="mixolydian", harmony="power",
          figuration="layout", tempo_bpm=124.0, saturation=0.2, valence=0.3, arousal=0.8, tension=0.3),
    genre("punk",
          "screamo, post hardcore, "
          "punk rock, pop punk, hardcore punk, skate punk, skate park, garage rock, ska core, emo, oi, "
          "celtic punk, pop punk band, riot grrrl",
          ("punk rock, fast and loud", "skate park, power chords", "three chords, shouting energy"),
          Roles("overdriven guitar", "", "distortion guitar", "picked bass", ""),
          layout="rock band", groove="rock", percussion="kit", scale="major", harmony="power", figuration="layout",
          tempo_bpm=178.0, density=0.65, room=0.2, saturation=0.35, valence=0.4, arousal=0.95, tension=0.3),
    genre("surf rock",
          "surf, surf guitar, 60s, 1960s, sixties, tarantino, twangy instrumental, dick dale, misirlou, surf noir",
          ("surf rock, twangy guitar with reverb", "fast surf instrumental of the 1960s",
           "wave riding, tremolo picking"),
          Roles("clean guitar", "", "clean guitar", "picked bass", ""),
          layout="surf band", groove="surf", percussion="kit", scale="minor", harmony="functional",
          figuration="strum", tempo_bpm=160.0, room=0.7, valence=0.5, arousal=0.8, tension=0.2),
    genre("rock and roll",
          "rock n roll, rockabilly, 50s, 1950s, fifties, doo wop, diner, jukebox, elvis, chuck berry, sock hop, "
          "skiffle, psychobilly",
          ("rock and roll of the 1950s", "rockabilly, slapback guitar and upright bass", "jukebox in a diner"),
          Roles("clean guitar, tenor saxophone", "", "clean guitar, piano", "acoustic bass", ""),
          layout="rock band", groove="shuffle", percussion="kit", scale="mixolydian", harmony="blues",
          figuration="walking", tempo_bpm=166.0, room=0.4, valence=0.8, arousal=0.8, tension=0.1),
    genre("doom metal",
          "doom guitars, sludge, stoner rock, stoner metal, drone metal, stoner, sabbath, death doom, gothic metal",
          ("doom metal, slow and crushing", "sludge, huge distorted guitars", "funeral doom, endless heavy chords"),
          Roles("distortion guitar", "", "distortion guitar", "picked bass", ""),
          layout="metal", groove="half-time", percussion="metal kit", scale="phrygian", harmony="power",
          figuration="sustained", tempo_bpm=68.0, density=0.3, articulation=0.9, room=0.6, saturation=0.6,
          valence=-0.8, arousal=0.6, tension=0.75),
    genre("power metal",
          "symphonic metal, epic metal, dragonforce, speed metal, folk metal, viking metal, neoclassical metal, "
          "orchestral metal",
          ("power metal, galloping drums and choir", "symphonic metal with orchestra", "dragons, twin guitar leads"),
          Roles("distortion guitar", "", "distortion guitar, choir", "picked bass", "strings"),
          layout="metal", groove="driving", percussion="metal kit", scale="harmonic minor", harmony="power",
          tempo_bpm=170.0, density=0.7, saturation=0.3, valence=0.1, arousal=1.0, tension=0.5),
    genre("grunge",
          "post punk, goth rock, gothic rock, "
          "seattle, 90s rock, 1990s, 90s, nineties, alternative rock, alt rock",
          ("grunge, quiet verse and loud chorus", "gloomy distorted guitars of the 1990s",
           "alternative rock, raw and tired"),
          Roles("clean guitar, distortion guitar", "", "distortion guitar, clean guitar", "picked bass", ""),
          layout="rock band", groove="rock", percussion="kit", scale="minor", harmony="power", figuration="strum",
          tempo_bpm=112.0, room=0.3, saturation=0.4, valence=-0.4, arousal=0.7, tension=0.45),
    genre("post-rock",
          "post rock, indie rock, indie, shoegaze, dream pop, slowcore, ambient rock, explosions in the sky, "
          "post metal, chill guitar, dreampop",
          ("post-rock, shimmering guitars building up", "indie, wide clean guitars", "dream pop, hazy reverb"),
          Roles("clean guitar", "", "clean guitar, warm pad", "picked bass", "guitar harmonics"),
          layout="rock band", groove="rock", percussion="kit", scale="major", harmony="minimal",
          figuration="arpeggio", tempo_bpm=108.0, room=0.85, width=0.85, valence=0.1, arousal=0.5, tension=0.2),
    genre("prog rock", "progressive rock, prog, progressive",
          ("progressive rock, odd meters and organ", "hammond and guitar, complex riffs", "70s prog epic"),
          Roles("overdriven guitar, square lead", "", "rock organ, overdriven guitar", "picked bass", "synth strings"),
          layout="rock band", groove="rock", percussion="kit", scale="dorian", harmony="modal",
          figuration="ostinato", tempo_bpm=126.0, meter=7, density=0.65, valence=0.1, arousal=0.75, tension=0.4),
    genre("folk",
          "folk song, acoustic, singer songwriter, acoustic guitar, folk guitar, campfire guitar, campfire, folky, "
          "indie folk, americana, dark folk, ballad singer, folk duo, acoustic ballad, bonfire song, camp song, "
          "unplugged",
          ("folk song, fingerpicked acoustic guitar", "singer-songwriter, guitar and harmonica",
           "acoustic guitar by the campfire"),
          Roles("steel guitar, harmonica", "", "steel guitar", "acoustic bass", ""),
          layout="plucked duo", groove="none", percussion="brushes", scale="major", harmony="functional",
          figuration="arpeggio", tempo_bpm=92.0, density=0.45, room=0.25, valence=0.3, arousal=0.3, tension=0.1),
    genre("country",
          "texan, "
          "country music, nashville, country road, pedal steel, road trip, texas, cowboy song, country rock, "
          "outlaw country, cowboy ballad, country ballad, line dance, honky tonk bar",
          ("country band, pedal steel and fiddle", "country road, train beat and twang",
           "nashville, bright acoustic guitar"),
          Roles("steel guitar, fiddle", "clean guitar", "steel guitar", "finger bass", ""),
          layout="country band", groove="train", percussion="kit", scale="major", harmony="functional",
          figuration="strum", tempo_bpm=112.0, valence=0.6, arousal=0.55, tension=0.1),
    genre("bluegrass",
          "string band, "
          "banjo, hoedown, hillbilly, barn dance, appalachia, appalachian, square dance, hee haw, redneck, "
          "jug band, old time, oldtime, mountain music, banjo tune, clogging, cajun hoedown, deliverance",
          ("bluegrass banjo and fiddle", "fast hoedown in the barn", "appalachian string band, banjo rolls"),
          Roles("banjo, fiddle", "fiddle", "banjo, steel guitar", "acoustic bass", ""),
          layout="bluegrass band", groove="none", percussion="brushes", scale="major", harmony="functional",
          figuration="arpeggio", tempo_bpm=146.0, density=0.7, room=0.25, valence=0.8, arousal=0.8, tension=0.1),
    scene("western",
          "spaghetti western, wild west, cowboy, cowboys, high noon, showdown at noon, gunslinger, duel, "
          "morricone, frontier, saloon, red dead, ennio morricone, western ballad, mexican standoff, gold rush, "
          "outlaw, outlaws, stagecoach, wild west saloon",
          ("spaghetti western duel, whistling and guitar", "cowboy riding through the canyon",
           "high noon in a dusty town", "wild west, twangy guitar and harmonica"),
          Roles("whistle, harmonica", "trumpet", "clean guitar, steel guitar", "acoustic bass", "tubular bells"),
          layout="country band", groove="train", percussion="kit", scale="minor", harmony="modal",
          figuration="strum", tempo_bpm=92.0, density=0.45, room=0.6, valence=-0.2, arousal=0.5, tension=0.5),
    scene("wasteland",
          "post apocalyptic, post apocalypse, apocalypse, fallout, ruined city, nuclear, radioactive, mad max, "
          "the last of us, desert highway, dust bowl, ghost town, stalker, metro 2033, zombie survival",
          ("post-apocalyptic wasteland, lonely guitar", "ruined city, dust and wind",
           "radioactive desert, slide guitar and drone"),
          Roles("clean guitar", "", "sweep pad, steel guitar", "fretless bass", "slow strings"),
          layout="drone", groove="sparse", percussion="orchestral", scale="minor pentatonic", harmony="drone",
          figuration="sustained", tempo_bpm=72.0, density=0.3, room=0.8, saturation=0.15, valence=-0.6, arousal=0.25,
          tension=0.45),
    scene("lava", "volcano, volcanic, fire level, hell, inferno, underworld, magma, demonic",
          ("lava level, fire and danger", "inside the volcano, pounding drums and low brass",
           "hell, burning and chaotic", "magma cavern, heavy rhythm"),
          Roles("trombone, horn", "", "brass, trombone", "tuba", "tremolo strings, choir"),
          layout="combat", groove="war drums", percussion="taiko", scale="phrygian", harmony="dark", tempo_bpm=124.0,
          register=-3.0, valence=-0.6, arousal=0.85, tension=0.8),
    genre("nu metal", "rap metal, alternative metal, slow metal, mid tempo metal, korn, limp bizkit",
          ("nu metal, angry groove", "down-tuned riffs over a hip hop beat", "mid-tempo metal, bouncing riff"),
          Roles("distortion guitar", "", "distortion guitar", "picked bass", ""),
          layout="metal", groove="rock", percussion="metal kit", scale="phrygian", harmony="power", tempo_bpm=104.0,
          saturation=0.45, valence=-0.5, arousal=0.9, tension=0.7),
)
