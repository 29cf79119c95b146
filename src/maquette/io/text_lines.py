"""Writing tables of numbers as text, fast."""

import numpy as np
from torch import Tensor


def format_rows(line: str, rows: Tensor | np.ndarray) -> bytes:
    """Apply a %-format of one line to every row of a table.

    Args:
        line: format of one row, with its line end.
        rows: (R, ...) numbers, as many in a row as the format takes.
    """
    array = rows.detach().cpu().numpy() if isinstance(rows, Tensor) else rows
    return (line * len(array) % tuple(array.ravel().tolist())).encode("ascii")
