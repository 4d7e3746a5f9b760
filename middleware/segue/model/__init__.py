"""The live music model in JAX: layers, token language model, sampling, checkpoints. No sockets."""

from importlib.util import find_spec


def require_jax() -> None:
    """Check that JAX and jaxtyping are installed.

    Raises:
        ModuleNotFoundError: One is missing; the message names the extra that installs it.
    """
    for package in ("jax", "jaxtyping"):
        if find_spec(package) is None:
            raise ModuleNotFoundError(
                f"the package {package} is missing; install the extra segue[models]: "
                "run pip install '.[models]' in the checkout",
                name=package,
            )


require_jax()
