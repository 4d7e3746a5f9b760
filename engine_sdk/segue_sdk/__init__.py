"""A soundtrack that follows the game: the Python client of Segue.

    import segue_sdk as segue

    with segue.connect("tcp://127.0.0.1:7723", rules="meadow") as music, segue.open_output(music.player):
        while game_runs():
            music.danger = 0.8
            music.update()

Importing the package loads nothing; each name below loads its module when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from segue_sdk.aio import AsyncSegueClient as AsyncSegueClient
    from segue_sdk.aio import connect_async as connect_async
    from segue_sdk.client import SegueClient as SegueClient
    from segue_sdk.client import connect as connect
    from segue_sdk.client_events import BeatHeard as BeatHeard
    from segue_sdk.client_events import CallbackFailed as CallbackFailed
    from segue_sdk.client_events import ChangeHeard as ChangeHeard
    from segue_sdk.client_events import ClientEvent as ClientEvent
    from segue_sdk.client_events import Closed as Closed
    from segue_sdk.client_events import ConnectionFailed as ConnectionFailed
    from segue_sdk.client_events import EventDelayed as EventDelayed
    from segue_sdk.client_events import InputRefused as InputRefused
    from segue_sdk.client_events import Live as Live
    from segue_sdk.client_events import Lost as Lost
    from segue_sdk.client_events import MessageRefused as MessageRefused
    from segue_sdk.client_events import MusicArrived as MusicArrived
    from segue_sdk.client_events import StingerArrived as StingerArrived
    from segue_sdk.client_events import StingerHeard as StingerHeard
    from segue_sdk.client_events import Underrun as Underrun
    from segue_sdk.errors import AddressError as AddressError
    from segue_sdk.errors import InputError as InputError
    from segue_sdk.errors import ProtocolError as ProtocolError
    from segue_sdk.handshake import ClientState as ClientState
    from segue_sdk.messages import Change as Change
    from segue_sdk.messages import Control as Control
    from segue_sdk.messages import Error as Error
    from segue_sdk.messages import Hello as Hello
    from segue_sdk.messages import Receipt as Receipt
    from segue_sdk.messages import Rules as Rules
    from segue_sdk.messages import Saved as Saved
    from segue_sdk.messages import Status as Status
    from segue_sdk.messages import Welcome as Welcome
    from segue_sdk.outbox import QueueFullError as QueueFullError
    from segue_sdk.output import DeviceOutput as DeviceOutput
    from segue_sdk.output import FileOutput as FileOutput
    from segue_sdk.output import NullOutput as NullOutput
    from segue_sdk.output import Output as Output
    from segue_sdk.output import OutputError as OutputError
    from segue_sdk.output import open_output as open_output
    from segue_sdk.player import Player as Player
    from segue_sdk.pygame_output import PygameOutput as PygameOutput
    from segue_sdk.pyglet_output import PygletOutput as PygletOutput
    from segue_sdk.timeline import Timing as Timing

_MODULES: Final = {
    "aio": "AsyncSegueClient connect_async",
    "client": "SegueClient connect",
    "client_events": "BeatHeard CallbackFailed ChangeHeard ClientEvent Closed ConnectionFailed EventDelayed "
    "InputRefused Live Lost MessageRefused MusicArrived StingerArrived StingerHeard Underrun",
    "errors": "AddressError InputError ProtocolError",
    "handshake": "ClientState",
    "messages": "Change Control Error Hello Receipt Rules Saved Status Welcome",
    "outbox": "QueueFullError",
    "output": "DeviceOutput FileOutput NullOutput Output OutputError open_output",
    "player": "Player",
    "pygame_output": "PygameOutput",
    "pyglet_output": "PygletOutput",
    "timeline": "Timing",
}
_MODULE_OF: Final = {name: module for module, names in _MODULES.items() for name in names.split()}

__all__ = list(_MODULE_OF)


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
