"""A picture that cannot be drawn does not stop the others."""

from collections.abc import Iterator
from contextlib import contextmanager
from warnings import warn

from bt_fusion.errors import BtFusionError, BtFusionWarning

__all__ = ["errors_as_warnings"]


@contextmanager
def errors_as_warnings(what: str) -> Iterator[None]:
    """Turn an error of the block into a warning that `what` could not be drawn.

    Errors of ours pass: they say what the user can mend.
    """
    try:
        yield
    except BtFusionError:
        raise
    except Exception as error:
        message = f"{what} could not be drawn: {type(error).__name__}: {error}"
        warn(message, BtFusionWarning, stacklevel=3)
