"""The stationary bootstrap: arrays in, intervals of what is made of them out."""

import numpy as np

__all__ = ["block_length"]


def block_length(values: np.ndarray) -> float:
    """Return the mean block length for resampling a series, 1 where it has no memory.

    Parameters
    ----------
    values : ndarray, shape (n_rows,)

    References
    ----------
    Politis and White, Automatic Block-Length Selection for the Dependent Bootstrap, Econometric
    Reviews 23 (2004), corrected by Patton, Politis and White (2009); by `arch`.
    """
    if len(values) < 10 or np.ptp(values) == 0:
        return 1.0
    from arch.bootstrap import optimal_block_length

    length = float(optimal_block_length(values)["stationary"].iloc[0])
    return max(1.0, length) if np.isfinite(length) else 1.0
