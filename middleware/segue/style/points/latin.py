"""Latin America, the Caribbean and Iberia."""

from __future__ import annotations

from typing import Final

from segue.style.points.named_style import Roles, genre, scene

# A style reads as one row of a table.
# fmt: off
ROWS: Final = (
    genre("bossa nova", "bossa, ipanema, jobim, brazilian jazz, mpb",
          ("bossa nova, nylon guitar and soft brushes", "gentle brazilian guitar and flute", "bossa in a small cafe",
           "relaxed bossa shop music"),
          Roles("flute, piano", "", "nylon guitar", "acoustic bass", ""),
          layout="bossa trio", groove="bossa", percussion="brushes", scale="major", harmony="jazz", tempo_bpm=124.0,
          density=0.45, room=0.3, valence=0.5, arousal=0.3, tension=0.1),
    genre("samba",
          "brazilian, brazil, choro, baiao, capoeira, "
          "batucada, rio, brazilian carnival, samba school, forro, axe, maracatu, brazilian party",
          ("samba carnival in Rio", "brazilian street parade, whistles and drums", "fast samba, cavaquinho and flute"),
          Roles("flute, whistle", "trombone", "nylon guitar, piano", "finger bass", "agogo"),
          layout="latin band", groove="samba", percussion="hand drums", scale="major", harmony="functional",
          figuration="strum", tempo_bpm=104.0, density=0.65, valence=0.9, arousal=0.9, tension=0.1),
    genre("salsa",
          "puerto rican, colombian, dominican, "
          "mambo, montuno, son cubano, cuban, timba, havana, cumbia, merengue, latin, latin dance, rumba, bachata, "
          "cha cha, cha cha cha, bolero, latin pop, latin party, boogaloo, guaguanco, latin band",
          ("salsa party, trumpets and congas", "cuban dance band, piano montuno", "mambo with brass and timbales",
           "hot latin night in Havana"),
          Roles("trumpet, trombone", "trombone", "piano", "acoustic bass", "agogo"),
          layout="latin band", groove="clave", percussion="hand drums", scale="minor", harmony="functional",
          figuration="ostinato", tempo_bpm=96.0, density=0.65, valence=0.7, arousal=0.85, tension=0.2),
    genre("tango",
          "argentinian, argentine, buenos aires, habanera, "
          "tango argentino, milonga, argentine tango",
          ("tango argentino, bandoneon and violin", "passionate tango, sharp and dark", "milonga in Buenos Aires"),
          Roles("bandoneon, violin", "violin", "piano, strings", "acoustic bass", ""),
          layout="chamber", groove="none", percussion="brushes", scale="harmonic minor", harmony="functional",
          figuration="stabs", tempo_bpm=118.0, articulation=0.35, room=0.4, valence=-0.3, arousal=0.55, tension=0.5),
    genre("flamenco",
          "jota, "
          "spanish guitar, spanish, andalusia, andalusian, bullfight, gypsy guitar, buleria, sevillanas, "
          "paso doble, rumba flamenca, toreador, malaguena, gypsy kings",
          ("flamenco guitar, clapping hands", "fiery spanish guitar", "andalusian night, rapid strumming",
           "bullfight, castanets and guitar"),
          Roles("nylon guitar", "", "nylon guitar", "nylon guitar", ""),
          layout="plucked duo", groove="hand drums", percussion="hand drums", scale="phrygian dominant",
          harmony="modal", figuration="strum", tempo_bpm=118.0, density=0.65, room=0.35, valence=-0.1, arousal=0.7,
          tension=0.5),
    genre("mariachi",
          "mexican, mexico, ranchera, fiesta, day of the dead, tequila, banda, norteno, ranchero, corrido, "
          "son jarocho, mexican wedding, tex mex",
          ("mariachi band, trumpets and violins", "mexican fiesta, trumpets in thirds",
           "ranchera waltz with guitarron", "day of the dead celebration"),
          Roles("trumpet, violin", "trumpet", "nylon guitar, steel guitar", "acoustic bass", "violin"),
          layout="mariachi", groove="waltz", percussion="hand drums", scale="major", harmony="functional",
          figuration="strum", tempo_bpm=132.0, meter=3, valence=0.85, arousal=0.75, tension=0.1),
    genre("reggae", "roots reggae, jamaica, jamaican, rasta, rocksteady, lovers rock, dub poetry, bob marley, roots",
          ("reggae, off-beat guitar and deep bass", "roots reggae, one drop and organ", "sunny jamaican groove"),
          Roles("drawbar organ, trombone", "", "clean guitar, drawbar organ", "finger bass", ""),
          layout="reggae band", groove="one drop", percussion="kit", scale="major", harmony="functional",
          figuration="off-beat", tempo_bpm=76.0, valence=0.6, arousal=0.4, tension=0.05),
    genre("ska", "two tone, skank, ska punk",
          ("ska, fast off-beat guitar and horns", "two-tone ska band with trombone", "bouncy skank, brass section"),
          Roles("trumpet, tenor saxophone", "trombone", "clean guitar, drawbar organ", "finger bass", ""),
          layout="reggae band", groove="rock", percussion="kit", scale="major", harmony="functional",
          figuration="off-beat", tempo_bpm=156.0, density=0.6, valence=0.8, arousal=0.85, tension=0.1),
    genre("dub", "dub reggae, king tubby",
          ("dub, echoes and enormous bass", "spacey reggae mix with delay", "heavy dub, melodica and reverb"),
          Roles("harmonica", "", "clean guitar, drawbar organ", "fretless bass, synth bass", "echoes"),
          layout="reggae band", groove="one drop", percussion="kit", scale="minor", harmony="minimal",
          figuration="off-beat", tempo_bpm=70.0, density=0.35, room=0.9, width=0.8, low_pass_hz=12_000.0,
          valence=0.0, arousal=0.35, tension=0.2),
    genre("dancehall",
          "reggaeton, dembow, moombahton, kuduro, baile funk, amapiano, gqom, afro house, zouk, tropical club",
          ("dancehall riddim, digital bass", "reggaeton club, dembow beat", "hot caribbean club, synth hooks"),
          Roles("saw lead, square lead", "", "polysynth pad", "synth bass", ""),
          layout="club", groove="clave", percussion="electronic", scale="minor", harmony="minimal",
          figuration="off-beat", tempo_bpm=94.0, pump=0.2, valence=0.4, arousal=0.75, tension=0.2),
    genre("calypso",
          "trinidadian, haitian, west indian, "
          "soca, caribbean, trinidad, steelpan, steel pan, steel band, island, tropical, junkanoo, goombay, "
          "tropical island",
          ("calypso, steel drums", "caribbean island party, steel pan", "tropical sunshine, steel band and maracas"),
          Roles("steel drums", "marimba", "nylon guitar", "finger bass", "steel drums"),
          layout="latin band", groove="clave", percussion="hand drums", scale="major", harmony="functional",
          figuration="strum", tempo_bpm=112.0, valence=0.9, arousal=0.65, tension=0.05),
    genre("andean",
          "chilean, ecuadorian, south american, "
          "andes, peru, peruvian, inca, incan, machu picchu, huayno, pan pipes, panpipes, bolivian, condor",
          ("andean pan pipes and charango", "peruvian mountains, flutes and guitar", "inca ruins above the clouds"),
          Roles("pan flute", "shakuhachi", "nylon guitar, steel guitar", "acoustic bass", ""),
          layout="folk dance", groove="hand drums", percussion="hand drums", scale="minor pentatonic",
          harmony="modal", figuration="strum", tempo_bpm=98.0, room=0.6, valence=0.1, arousal=0.45, tension=0.15),
    genre("hawaiian",
          "polynesian, maori, tahitian, "
          "hawaii, ukulele, hula, luau, aloha",
          ("hawaiian ukulele and slide guitar", "luau on the beach", "sunny ukulele strumming"),
          Roles("steel guitar, whistle", "", "nylon guitar", "acoustic bass", "vibraphone"),
          layout="plucked duo", groove="hand drums", percussion="hand drums", scale="major", harmony="functional",
          figuration="strum", tempo_bpm=100.0, register=3.0, valence=0.9, arousal=0.4, tension=0.0),
    scene("beach", "seaside, summer holiday, vacation, surfers, resort",
          ("beach holiday, sun and sand", "lazy summer by the sea, guitar", "tropical beach, marimba and shaker"),
          Roles("marimba, steel drums", "flute", "nylon guitar", "finger bass", "kalimba"),
          layout="bossa trio", groove="bossa", percussion="hand drums", scale="major", harmony="functional",
          figuration="strum", tempo_bpm=108.0, valence=0.8, arousal=0.4, tension=0.0),
    scene("jungle", "rainforest, rain forest, amazon, tarzan, jungle level",
          ("jungle, tribal drums and flutes", "rainforest full of animals, marimba",
           "overgrown ruins, vines and monkeys"),
          Roles("pan flute, ocarina", "", "marimba", "acoustic bass", "kalimba, marimba"),
          layout="tribal", groove="tribal", percussion="hand drums", scale="minor pentatonic", harmony="modal",
          figuration="ostinato", tempo_bpm=112.0, density=0.6, valence=0.2, arousal=0.6, tension=0.3),
    genre("fado", "portuguese guitar, lisbon, saudade, morna, portugal, portuguese",
          ("fado, portuguese guitar and longing", "lisbon at night, sad guitar song", "saudade, voice and guitar"),
          Roles("steel guitar, voices", "", "nylon guitar", "acoustic bass", ""),
          layout="plucked duo", groove="none", percussion="brushes", scale="minor", harmony="functional",
          figuration="arpeggio", tempo_bpm=76.0, density=0.45, room=0.4, valence=-0.5, arousal=0.25, tension=0.25),
)
