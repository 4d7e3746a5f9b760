"""A pygame window whose music follows the mouse: the further right, the greater the threat. A click opens the crypt.

segue serve rules/library/emberwood/emberwood.yaml      # in one terminal
pip install pygame-ce                                   # once
python engine_sdk/examples/pygame_game.py               # in another
"""

from __future__ import annotations

import sys

import pygame

import segue_sdk as segue


def main(address: str = "tcp://127.0.0.1:7723", frames: int = sys.maxsize) -> None:
    pygame.mixer.pre_init(48_000, 32, 2, 512)
    pygame.init()
    screen = pygame.display.set_mode((640, 360))
    clock = pygame.time.Clock()
    colour = pygame.Color("darkgreen")
    with segue.connect(address, rules="emberwood", client="pygame example") as music, segue.PygameOutput(music.player):

        @music.on_change
        def redraw(change: segue.Change) -> None:
            if change.layer == "action":
                colour.update("darkred" if change.to_state == "combat" else "darkgreen")
            print(change.layer, "->", change.to_state)

        for _ in range(frames):
            for event in pygame.event.get():
                if event.type == pygame.QUIT:
                    return
                if event.type == pygame.MOUSEMOTION:
                    music.threat = event.pos[0] / 640
                elif event.type == pygame.MOUSEBUTTONDOWN:
                    music.region = "crypt"
            music.update()
            screen.fill(colour)
            pygame.display.flip()
            clock.tick(60)


if __name__ == "__main__":
    main(*sys.argv[1:2])
    pygame.quit()
