"""Names of genres that are ordinary words, or names of instruments, too: alone they say less than "techno" does."""

from __future__ import annotations

from typing import Final

from segue.style.terms import listed

# fmt: off
COMMON_WORDS: Final = frozenset(
    listed(
        "country, rock, soul, house, folk, swing, pop, punk, surf, trap, electronic, reel, march, "
        "marching, organ, choir, acoustic, classical, romantic, royal, king, russia, epic, vocal, japan, china, "
        "india, africa, france, italy, mexico, repetitive, ceremony, ambience, atmospheric, escape, breaks, "
        "jungle music, acid, wobble, clan, skank, army, soldiers, troops, island, drone, military, banjo, sitar, "
        "erhu, pipa, guzheng, lute, mandolin, bouzouki, balalaika, accordion waltz, harpsichord, taiko, taikos, "
        "djembe, tabla, bagpipe, bagpipes, ukulele, shakuhachi, shamisen, oud, darbuka, saz, slap bass, pan pipes, "
        "panpipes, steel pan, steelpan, didgeridoo, church organ, pipe organ, calliope, hurdy gurdy, tanpura, guqin, "
        "fife, horsehead fiddle, morin khuur, kora, music box, musicbox, musical box, 808 bass, monks, nomad, nomads, "
        "cuban, spanish, minimal, meditative, sleep, baby, sleeping, heroic, superhero, church, wedding, latin, "
        "ballad, gospel, 80s, 1980s, eighties, 70s, 1970s, 60s, 1960s, sixties, 50s, 1950s, fifties, 90s, 1990s, "
        "nineties, 20s, 1920s, 30s, 1930s, 40s, 1940s, love theme, funeral, campfire, droning, drones, orchestra, "
        "orchestral, "
        "symphony, symphonic, roots, "
        "chill, doom, hardcore, mass, glass, reich, portal, drift, prodigy, mali, trad, stoner, emo, sonic, mario, "
        "sega, route, worship, idol, celeste like, demons, platformer, pixel art, retro game, arcade, "
        "hijaz, maqam, french, polish, hungarian, gypsy, polar, oriental, asian, cocktail, "
        "consort, grime, jive, prelude, hora, georgian, cabaret"
    )
)
