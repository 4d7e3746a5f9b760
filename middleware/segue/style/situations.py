"""The situations of game music in words, and how near an embedding lies to each.

A situation is a row of the composer's table; its captions say in a player's words what it sounds and feels like.
A style's embedding is compared with the captions, never by name, so a blend and an audio prompt have a place too.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from segue.contract import StyleEncoder

# Of the softmax in `nearest_situations`: a tenth more similarity is 3.3 times the weight. With the word table captions
# then get 0.99 of the weight, the median free phrase 0.89, and half-and-half blends of two situations nothing else.
SHARPNESS: Final = 12.0
# Share of the best caption's cosine in a similarity, the rest is the cosine with the captions' centre: the best alone
# is fooled by one shared word, the centre alone is deaf to captions that lie apart (a pirate ship, a coral reef).
BEST_SHARE: Final = 0.5

CAPTIONS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "combat": (
            "battle music, driving drums and brass",
            "fighting enemies, war drums, action",
            "intense combat with swords and percussion",
            "under attack, aggressive fast rhythm",
        ),
        "boss": (
            "epic boss fight, huge choir and orchestra",
            "final boss battle, enormous and menacing",
            "giant monster, colossal enemy, doom",
            "showdown with the evil overlord",
        ),
        "stealth": (
            "sneaking past the guards, quiet tension",
            "stealth, hiding in the shadows, pizzicato and soft percussion",
            "infiltrating a base unseen, suspense",
            "creeping thief, tiptoe, spy music",
        ),
        "exploration": (
            "exploring a wide open world, adventure",
            "journey across the hills, hopeful strings and horn",
            "wandering through the forest and discovering new lands",
            "travelling on the overworld map",
        ),
        "calm": (
            "calm and peaceful, soft piano and harp",
            "gentle relaxing ambient music, resting",
            "quiet tender lullaby by the campfire",
            "serene meadow, tranquil, safe",
        ),
        "town": (
            "cheerful village theme with flute and guitar",
            "busy market square in a friendly town",
            "shop and merchants, daily life in the city",
            "happy homely folk tune, people in the street",
        ),
        "dungeon": (
            "dark underground dungeon, low drone",
            "crypt and catacombs, echoing stone halls",
            "deep cave, dripping water, gloomy",
            "ancient tomb, prison cells, sewer",
        ),
        "desert": (
            "desert, hot sand dunes and caravan",
            "arabian oud and hand drums, middle eastern scale",
            "ancient egypt, pyramids, sun",
            "bazaar, oasis, camels",
        ),
        "snow": (
            "snow and ice, celesta and bells",
            "frozen winter mountains, cold wind",
            "glacier, blizzard, frost",
            "christmas snowfall, icy sparkling chimes",
        ),
        "victory": (
            "triumphant victory fanfare, brass",
            "we won, celebration, glorious",
            "level complete, success, reward",
            "heroic triumph, the enemy is defeated",
        ),
        "sad": (
            "sad and melancholic, slow solo violin",
            "grief, mourning a dead friend, funeral",
            "tears, loss and loneliness, sorrowful piano",
            "farewell, heartbreak, tragedy",
        ),
        "metal": (
            "heavy metal, distorted electric guitars and double bass drum",
            "thrash guitar riffs, headbanging",
            "hard rock band, loud overdriven guitar",
            "brutal industrial metal, demons and shotguns",
        ),
        "chiptune": (
            "chiptune, 8-bit square wave melody",
            "retro video game console music, pixel art",
            "arcade bleeps, old handheld sound chip",
            "nostalgic platformer, 16-bit synth",
        ),
        "mystery": (
            "mystery, investigation, looking for clues",
            "puzzle solving, thinking, curious marimba",
            "detective story, strange enigma, riddle",
            "mysterious secret, magical and uncertain",
        ),
        "space": (
            "outer space, ambient synthesizer pads",
            "science fiction, spaceship drifting among the stars",
            "galaxy, planets and nebula, cosmic",
            "futuristic space station, alien world",
        ),
        "horror": (
            "horror, terrifying dissonant strings",
            "haunted house, ghosts, scary screams",
            "creepy nightmare, dread, something is watching you",
            "zombies, blood and madness, unsettling noise",
        ),
        "chase": (
            "chase, running away, pursued, fast and urgent",
            "car racing at high speed, driving electronic beat",
            "escape before everything collapses, hurry",
            "race against time, adrenaline rush",
        ),
        "tavern": (
            "tavern song, lute, fiddle and drinking",
            "merry inn with dancing and ale, medieval jig",
            "pub full of drunken singing, accordion",
            "bard playing a folk dance",
        ),
        "temple": (
            "sacred temple, holy choir",
            "church organ, monks chanting, prayer",
            "cathedral, divine and angelic voices",
            "solemn ritual at the shrine of the gods",
        ),
        "ocean": (
            "sailing the ocean, sea waves",
            "pirate ship, sea shanty",
            "underwater, coral reef and fish",
            "harbour, beach and island, sailors",
        ),
    }
)

SITUATIONS: Final[tuple[str, ...]] = tuple(CAPTIONS)


CaptionEmbeddings = tuple[NDArray[np.float32], NDArray[np.intp]]
# Eighty captions an encoder, embedded once; weak, so that the cache keeps no encoder alive.
_embedded: Final[WeakKeyDictionary[StyleEncoder, CaptionEmbeddings]] = WeakKeyDictionary()


def caption_embeddings(encoder: StyleEncoder) -> CaptionEmbeddings:
    """Return the embeddings of every caption, float32 [M, D], and the index into SITUATIONS of each, [M]."""
    if encoder not in _embedded:
        rows = [encoder.embed_text(text) for texts in CAPTIONS.values() for text in texts]
        owners = [index for index, texts in enumerate(CAPTIONS.values()) for _ in texts]
        _embedded[encoder] = (np.stack(rows), np.asarray(owners, dtype=np.intp))
    return _embedded[encoder]


def situation_embeddings(encoder: StyleEncoder) -> NDArray[np.float32]:
    """Return the centre of each situation's captions, float32 [len(SITUATIONS), D], unit length."""
    captions, owners = caption_embeddings(encoder)
    centres = np.stack([captions[owners == index].mean(axis=0) for index in range(len(SITUATIONS))])
    return np.asarray(centres / np.linalg.norm(centres, axis=1, keepdims=True))


def similarities(encoder: StyleEncoder, embedding: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how near `embedding` (float32 [D], unit) lies to each of SITUATIONS, float32 in [-1, 1].

    Raises:
        ValueError: If the embedding is not a finite vector of the encoder's dimension.
    """
    if embedding.shape != (encoder.dimension,) or not np.isfinite(embedding).all():
        raise ValueError(f"embedding: expected a finite vector [{encoder.dimension}], got shape {embedding.shape}")
    captions, owners = caption_embeddings(encoder)
    cosines = captions @ embedding
    best = np.array([cosines[owners == index].max() for index in range(len(SITUATIONS))])
    middle = situation_embeddings(encoder) @ embedding
    return np.asarray(BEST_SHARE * best + (1.0 - BEST_SHARE) * middle, dtype=np.float32)


def nearest_situations(encoder: StyleEncoder, embedding: NDArray[np.float32], k: int = 3) -> list[tuple[str, float]]:
    """Return the k situations nearest to `embedding` and their weights, heaviest first.

    Weights are a softmax of SHARPNESS * similarity over the k nearest, so they sum to 1: a phrase that plainly means
    one situation gives it nearly all, a blend of two styles gives both.

    Raises:
        ValueError: For k outside 1..len(SITUATIONS) or a malformed embedding.
    """
    if not 1 <= k <= len(SITUATIONS):
        raise ValueError(f"k: expected 1 to {len(SITUATIONS)}, got {k}")
    near = similarities(encoder, embedding)
    best = np.argsort(-near, kind="stable")[:k]
    scores = np.exp(SHARPNESS * (near[best] - near[best[0]]))
    weights = scores / scores.sum()
    return [(SITUATIONS[index], float(weight)) for index, weight in zip(best, weights, strict=True)]
