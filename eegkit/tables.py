"""Data frames that print whole."""

from __future__ import annotations

import shutil

import pandas as pd

MOST_ROWS = 60


class Table(pd.DataFrame):
    """A data frame that prints all of its columns, folded at the width of the terminal.

    Otherwise pandas leaves out those in the middle, which of a table of scores are the scores. What
    is selected or computed from it is a plain data frame.

    Examples
    --------
    >>> from eegkit.tables import Table
    >>> print(Table({"pipeline": ["stft+cnn_bigru"], "mean": [0.71]}))
             pipeline  mean
    0  stft+cnn_bigru  0.71
    """

    def __repr__(self) -> str:
        width = shutil.get_terminal_size().columns
        return self.to_string(
            line_width=width, max_rows=MOST_ROWS, float_format=lambda value: f"{value:.4g}"
        )
