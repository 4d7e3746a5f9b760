"""An earlier name of `segue_sdk.client_events`, for programs that import it by that name."""

from segue_sdk.client_events import *  # noqa: F403
