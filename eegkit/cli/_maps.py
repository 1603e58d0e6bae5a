"""Pictures and tables of attributions, as commands write them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from eegkit.explanation import Attributions


def write_map(attributions: Attributions, table: pd.DataFrame, path: Path) -> str:
    """Write a picture, and a CSV file of its name; what the picture says of its check.

    Parameters
    ----------
    attributions : Attributions
    table : pandas.DataFrame
    path : pathlib.Path
        Of the picture; its suffix is the format.
    """
    import matplotlib.pyplot as plt

    from eegkit.atomic import atomic_write
    from eegkit.csv_file import write_csv
    from eegkit.plots import AttributionDisplay
    from eegkit.plots._styles import figures_hidden

    path.parent.mkdir(parents=True, exist_ok=True)
    with figures_hidden():
        display = AttributionDisplay.from_attributions(attributions)
        figure: Any = display.figure_
        with atomic_write(path) as part:
            figure.savefig(part, format=path.suffix[1:].lower(), dpi=150, bbox_inches="tight")
        plt.close(figure)
    write_csv(table, path.with_suffix(".csv"))
    return display.note
