"""Pieces of HTML: tables that scroll, figures within the file, folded text, numbers."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from eegkit.naming import spoken

NO_VALUE = "\N{EN DASH}"
# A figure is stored with so many pixels per inch, and shown with 96.
DPI, SHOWN_DPI = 160, 96


def escape(text: Any) -> str:
    return html.escape(str(text))


def paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def heading(text: str) -> str:
    return f"<h4>{escape(text)}</h4>"


def details(title: str, content: str) -> str:
    """Content that shows when its title is clicked."""
    return f"<details><summary>{escape(title)}</summary>{content}</details>"


def code(text: str) -> str:
    return f'<pre><code class="nohighlight">{escape(text)}</code></pre>'


def banner(title: str, lines: Iterable[str]) -> str:
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f'<div class="leak" role="alert"><strong>{escape(title)}</strong><ul>{items}</ul></div>'


def table(frame: pd.DataFrame, *, bold_rows: Iterable[int] = ()) -> str:
    """A table that scrolls sideways by itself where the page is narrow.

    Parameters
    ----------
    frame : pandas.DataFrame
        Its index is not shown. `HEADINGS` and `FORMATS` say how its columns are headed and
        written; those that are not there by their name, and with three digits.
    bold_rows : iterable of int
        Rows in bold.
    """
    bold = set(bold_rows)
    names = list(map(str, frame))
    numeric = [pd.api.types.is_numeric_dtype(dtype) for dtype in frame.dtypes]
    kinds = [' class="number"' if is_number else "" for is_number in numeric]
    head = "".join(
        f'<th scope="col"{kind}>{escape(HEADINGS.get(name) or spoken(name))}</th>'
        for name, kind in zip(names, kinds, strict=True)
    )
    writers = [FORMATS.get(name, number) for name in names]
    lines = []
    for i, row in enumerate(frame.itertuples(index=False, name=None)):
        cells = "".join(
            f"<td{kind}>{escape(NO_VALUE if _is_missing(value) else write(value))}</td>"
            for value, write, kind in zip(row, writers, kinds, strict=True)
        )
        lines.append(f'<tr class="best">{cells}</tr>' if i in bold else f"<tr>{cells}</tr>")
    return (
        '<div class="scrolls" tabindex="0"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table></div>"
    )


def facts(rows: Mapping[str, Any]) -> str:
    """Names with their values, one below the other."""
    lines = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(number(value))}</td></tr>'
        for name, value in rows.items()
    )
    return f'<table class="facts"><tbody>{lines}</tbody></table>'


def png_width(content: bytes) -> int:
    """In pixels, from the header of the image."""
    return int.from_bytes(content[16:20], "big")


def figure(fig: Any, alt: str) -> str:
    """A matplotlib figure as an image within the page; the figure is closed."""
    import matplotlib.pyplot as plt

    content = io.BytesIO()
    fig.savefig(content, format="png", dpi=DPI, bbox_inches="tight")  # lest a title be cut
    plt.close(fig)
    width = round(png_width(content.getvalue()) * SHOWN_DPI / DPI)
    encoded = base64.b64encode(content.getvalue()).decode("ascii")
    return (
        f'<figure><img src="data:image/png;base64,{encoded}" alt="{escape(alt)}" width="{width}">'
        f"<figcaption>{escape(alt)}</figcaption></figure>"
    )


def number(value: Any) -> str:
    """Text as it is, whole numbers with thousands apart, others with three digits."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if _is_missing(value):
        return NO_VALUE
    if isinstance(value, int | np.integer):
        return f"{value:,}"
    if isinstance(value, float | np.floating):
        return f"{value:.3f}"
    return str(value)


def _is_missing(value: Any) -> bool:
    return np.ndim(value) == 0 and bool(pd.isna(value))


def p_value(value: float) -> str:
    return "< 0.001" if value < 0.001 else number(value)


def intervals(frame: pd.DataFrame) -> list[str]:
    """Of columns with a mean and the ends of its interval: both, where they are there."""
    return [
        number(mean) if pd.isna(low) else f"{mean:.3f} [{low:.3f}, {high:.3f}]"
        for mean, low, high in frame.itertuples(index=False)
    ]


def duration(seconds: float) -> str:
    if seconds < 0.01:
        return "< 0.01 s"
    if seconds < 100:
        return f"{seconds:.{2 if seconds < 10 else 1}f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


# The columns of tables whose heading is not their name.
HEADINGS = {
    "n_folds": "folds",
    "n_seeds": "seeds",
    "sd_seeds": "sd over seeds",
    "n_trials": "trials",
    "n_test": "trials in test",
    "n_train": "trials in training",
    "n_test_subjects": "people in test",
    "n_train_subjects": "people in training",
    "n_subjects": "people",
    "n_above_chance": "above chance",
    "n_dropped": "left out",
    "n_inflated": "people who gain",
    "ece": "expected calibration error",
    "mce": "largest calibration error",
    "brier": "Brier score",
    "fit_time_s": "fit (median)",
    "score_time_s": "score (median)",
    "total_s": "all folds",
    "peak_mb": "memory",
}
# Labels and names are written as they are, though they be numbers.
FORMATS: dict[str, Callable[[Any], str]] = {
    **dict.fromkeys(("class", "person", "subject", "channel", "true", "predicted"), str),
    **dict.fromkeys(("fit_time_s", "score_time_s", "total_s"), duration),
    **dict.fromkeys(("p", "p_corrected"), p_value),
    "share": "{:.1%}".format,
    "peak_mb": "{:,.0f} MB".format,
}
