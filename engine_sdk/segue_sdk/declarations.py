"""An earlier name of `segue_sdk.messages`, for programs that import it by that name."""

from segue_sdk.messages import *  # noqa: F403
