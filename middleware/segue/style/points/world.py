"""Music of Asia, Africa, the Near East and the Pacific, by the nearest instruments of General MIDI."""

from __future__ import annotations

from typing import Final

from segue.style.points.named_style import Roles, genre, scene

# A style reads as one row of a table.
# fmt: off
ROWS: Final = (
    genre("gamelan",
          "thai, cambodian, burmese, filipino, kulintang, "
          "bali, balinese, java, javanese, indonesia, indonesian",
          ("gamelan, bronze gongs and metallophones", "balinese temple, shimmering interlocking bells",
           "javanese court gamelan"),
          Roles("vibraphone, marimba", "", "vibraphone, celesta", "tubular bells", "glockenspiel, celesta"),
          layout="gamelan", groove="none", percussion="orchestral", scale="slendro", harmony="drone",
          figuration="ostinato", tempo_bpm=88.0, density=0.6, room=0.6, valence=0.1, arousal=0.4, tension=0.25),
    genre("koto",
          "japanese garden, zen garden, japanese, japan, shakuhachi, shamisen, geisha, kyoto, sakura, "
          "cherry blossom, cherry blossoms, edo, tea ceremony, gagaku, enka, okinawa, okinawan, ghost of tsushima, "
          "japanese temple, bamboo forest, zen temple, haiku, sakura garden, japanese folk",
          ("japanese koto in a quiet garden", "shakuhachi and koto, zen", "cherry blossoms, slow plucked strings",
           "tea ceremony in Kyoto"),
          Roles("koto, shakuhachi", "shakuhachi", "koto", "koto", "shamisen"),
          layout="koto garden", groove="none", percussion="taiko", scale="in-sen", harmony="drone",
          figuration="arpeggio", tempo_bpm=62.0, density=0.35, room=0.5, valence=0.0, arousal=0.15, tension=0.2),
    genre("samurai",
          "ninja, ninjas, taiko, taikos, taiko ensemble, japanese battle, ronin, shogun, kabuki, "
          "japanese festival, feudal japan, taiko battle, wadaiko, sekiro, katana, ninja village, dojo",
          ("samurai battle, taiko and shamisen", "ninja at night, shakuhachi and drums",
           "japanese festival drums and flute"),
          Roles("shakuhachi, shamisen", "", "koto, shamisen", "contrabass", ""),
          layout="tribal", groove="taiko", percussion="taiko", scale="in-sen", harmony="drone",
          figuration="ostinato", tempo_bpm=118.0, density=0.6, room=0.6, valence=-0.2, arousal=0.75, tension=0.55),
    genre("Chinese",
          "korean, vietnamese, oriental, far eastern, asian, peking opera, "
          "china, erhu, guzheng, pipa, beijing, chinatown, wuxia, kung fu, dynasty, silk road, mandarin, guqin, "
          "lunar new year, guzheng garden, shanghai, hanfu, chinese opera, mulan, tibetan, great wall, jade, "
          "chinese new year, genshin",
          ("chinese erhu and guzheng", "ancient dynasty, bamboo flute", "kung fu village, plucked strings and gong",
           "lunar new year, bright pentatonic"),
          Roles("fiddle, flute", "flute", "koto", "acoustic bass", "dulcimer"),
          layout="koto garden", groove="none", percussion="orchestral", scale="major pentatonic", harmony="modal",
          figuration="arpeggio", tempo_bpm=84.0, density=0.5, room=0.5, valence=0.3, arousal=0.35, tension=0.15),
    genre("Indian raga",
          "punjabi, pakistani, nepalese, hindi, bengali, "
          "raga, sitar, india, indian, bollywood, hindu, tabla, bhangra, mumbai, tanpura, carnatic, hindustani, "
          "ravi shankar, bollywood dance, qawwali, sufi, monsoon temple, himalaya, nepal",
          ("indian raga, sitar and tabla", "sitar over a drone", "bollywood dance, strings and drums",
           "temple on the Ganges"),
          Roles("sitar, shanai", "", "sitar", "", "sitar, reed organ"),
          layout="drone", groove="hand drums", percussion="hand drums", scale="phrygian dominant", harmony="drone",
          figuration="arpeggio", tempo_bpm=92.0, density=0.5, room=0.45, valence=0.2, arousal=0.4, tension=0.25),
    genre("Arabic maqam",
          "bedouin, armenian, algerian, tunisian, lebanese, syrian, iraqi, iranian, anatolian, "
          "arabic, arabian, arab, maqam, middle eastern, persian, turkish, oud, bazaar, ottoman, sultan, "
          "belly dance, bellydance, istanbul, morocco, moroccan, prince of persia, hijaz, darbuka, saz, "
          "persian bazaar, gnawa, aladdin, arabian nights, kurdish, rai, dabke, whirling dervish, sultan palace, "
          "thousand and one nights, souk, cairo, damascus, baghdad, berber, medina, assassins creed, "
          "turkish delight",
          ("arabic maqam, oud and darbuka", "turkish bazaar, plucked lute and hand drums",
           "belly dance at the sultan's court", "middle eastern night, ney flute"),
          Roles("nylon guitar, shakuhachi", "violin", "nylon guitar, dulcimer", "acoustic bass", ""),
          layout="plucked duo", groove="hand drums", percussion="hand drums", scale="phrygian dominant",
          harmony="drone", figuration="layout", tempo_bpm=100.0, density=0.55, room=0.4, valence=0.0, arousal=0.5,
          tension=0.35),
    genre("African drums",
          "ethiopian, nigerian, senegalese, malian, ghanaian, kenyan, tuareg, "
          "african, africa, djembe, savanna, savannah, safari, west african, zulu, kora, griot, mbira, balafon, "
          "african village, taarab, zimbabwe, mali, lion king, african tribe, serengeti",
          ("african drums and kalimba", "savanna, djembe and chant", "safari, marimba and shakers"),
          Roles("kalimba, marimba", "pan flute", "marimba", "", "kalimba"),
          layout="tribal", groove="tribal", percussion="hand drums", scale="major pentatonic", harmony="modal",
          figuration="ostinato", tempo_bpm=112.0, density=0.7, valence=0.5, arousal=0.7, tension=0.15),
    genre("tribal",
          "native american, bronze age, "
          "tribal drums, tribe, shaman, shamanic, primal, primitive, prehistoric, stone age, cavemen, aztec, "
          "mayan, native, ritual drums, far cry, war dance, mayan temple, jungle tribe, neolithic, ritual dance, "
          "voodoo drums, caveman, aboriginal ritual",
          ("tribal drums and wooden flute", "primitive ritual, pounding drums",
           "shaman by the fire, chant and rattle", "ancient tribe, log drums"),
          Roles("pan flute, shakuhachi", "", "marimba, voices", "", "kalimba"),
          layout="tribal", groove="tribal", percussion="taiko", scale="minor pentatonic", harmony="drone",
          figuration="ostinato", tempo_bpm=108.0, density=0.65, room=0.5, valence=-0.1, arousal=0.7, tension=0.4),
    genre("outback", "didgeridoo, australian, australia, aboriginal, outback desert",
          ("didgeridoo drone and clapsticks", "australian outback, red dust", "aboriginal dreaming, deep drone"),
          Roles("bottle", "", "sweep pad", "bass lead", ""),
          layout="drone", groove="tribal", percussion="hand drums", scale="minor pentatonic", harmony="drone",
          figuration="sustained", tempo_bpm=84.0, density=0.35, register=-5.0, room=0.5, valence=-0.1, arousal=0.35,
          tension=0.35),
    genre("Mongolian",
          "mongolia, steppe, throat singing, horsehead fiddle, morin khuur, tuvan, huns, nomad, nomads, khan, "
          "tuvan throat singing, kazakh, genghis khan, horse riders, horsemen, steppe riders",
          ("mongolian steppe, horsehead fiddle", "throat singing and galloping rhythm",
           "horsemen on the endless plain"),
          Roles("viola, fiddle", "", "shamisen, voices", "contrabass", ""),
          layout="folk dance", groove="train", percussion="hand drums", scale="minor pentatonic", harmony="drone",
          figuration="ostinato", tempo_bpm=116.0, register=-4.0, room=0.5, valence=0.0, arousal=0.55, tension=0.3),
    scene("swamp", "bog, marsh, bayou, voodoo, witch doctor, frogs, mire",
          ("swamp, frogs and murky water", "bayou at night, slide guitar and shakers",
           "witch in the marsh, bassoon and rattle"),
          Roles("bassoon, clarinet", "", "marimba, steel guitar", "acoustic bass", "kalimba"),
          layout="stealth", groove="hand drums", percussion="hand drums", scale="minor pentatonic", harmony="dark",
          figuration="ostinato", tempo_bpm=84.0, register=-4.0, room=0.45, valence=-0.4, arousal=0.3, tension=0.45),
)
