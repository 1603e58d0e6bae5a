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

NOTHING = "\N{EN DASH}"
# A figure is stored with so many pixels per inch, and shown with 96.
DPI, SHOWN_DPI = 160, 96


def escaped(text: Any) -> str:
    return html.escape(str(text))


def paragraph(text: str) -> str:
    return f"<p>{escaped(text)}</p>"


def heading(text: str) -> str:
    return f"<h4>{escaped(text)}</h4>"


def folded(title: str, content: str) -> str:
    """Content that shows when its title is clicked."""
    return f"<details><summary>{escaped(title)}</summary>{content}</details>"


def code(text: str) -> str:
    return f'<pre><code class="nohighlight">{escaped(text)}</code></pre>'


def banner(title: str, lines: Iterable[str]) -> str:
    items = "".join(f"<li>{escaped(line)}</li>" for line in lines)
    return f'<div class="leak" role="alert"><strong>{escaped(title)}</strong><ul>{items}</ul></div>'


def table(
    frame: pd.DataFrame,
    formats: Mapping[str, Callable[[Any], str]] | None = None,
    *,
    marked: Iterable[int] = (),
) -> str:
    """A table that scrolls sideways by itself where the page is narrow.

    Parameters
    ----------
    frame : pandas.DataFrame
        Its index is not shown.
    formats : mapping of str to callable, optional
        How to write the values of a column; numbers with three digits by default.
    marked : iterable of int
        Rows in bold.
    """
    formats, bold = formats or {}, set(marked)
    numeric = [pd.api.types.is_numeric_dtype(frame[name]) for name in frame]
    kinds = [' class="number"' if is_number else "" for is_number in numeric]
    head = "".join(
        f'<th scope="col"{kind}>{escaped(spoken(str(name)))}</th>'
        for name, kind in zip(frame, kinds, strict=True)
    )
    writers = [formats.get(str(name), number) for name in frame]
    lines = []
    for i, row in enumerate(frame.itertuples(index=False, name=None)):
        cells = "".join(
            f"<td{kind}>{escaped(write(value))}</td>"
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
        f'<tr><th scope="row">{escaped(name)}</th><td>{escaped(number(value))}</td></tr>'
        for name, value in rows.items()
    )
    return f'<table class="facts"><tbody>{lines}</tbody></table>'


def figure(drawn: Any, alt: str) -> str:
    """A matplotlib figure as an image within the page; the figure is closed."""
    import matplotlib.pyplot as plt

    content = io.BytesIO()
    drawn.savefig(content, format="png", dpi=DPI)
    plt.close(drawn)
    width = round(drawn.get_size_inches()[0] * SHOWN_DPI)
    encoded = base64.b64encode(content.getvalue()).decode("ascii")
    return (
        f'<figure><img src="data:image/png;base64,{encoded}" alt="{escaped(alt)}" width="{width}">'
        f"<figcaption>{escaped(alt)}</figcaption></figure>"
    )


def number(value: Any) -> str:
    """Text as it is, whole numbers with thousands apart, others with three digits."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if value is None or (np.ndim(value) == 0 and pd.isna(value)):
        return NOTHING
    if isinstance(value, int | np.integer):
        return f"{value:,}"
    if isinstance(value, float | np.floating):
        return f"{value:.3f}"
    return str(value)


def plain(value: Any) -> str:
    """A label or a name: numbers too are written as they are."""
    return str(value)


def percent(value: float) -> str:
    return NOTHING if pd.isna(value) else f"{value:.1%}"


def p_value(value: float) -> str:
    if pd.isna(value):
        return NOTHING
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def interval(mean: float, low: float, high: float) -> str:
    """A mean with its interval, where there is one."""
    if pd.isna(mean):
        return NOTHING
    return f"{mean:.3f}" if pd.isna(low) else f"{mean:.3f} [{low:.3f}, {high:.3f}]"


def duration(seconds: float) -> str:
    if pd.isna(seconds):
        return NOTHING
    if seconds < 0.01:
        return "< 0.01 s"
    if seconds < 100:
        return f"{seconds:.{2 if seconds < 10 else 1}f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def and_(names: Iterable[Any]) -> str:
    *others, last = map(str, names)
    return f"{', '.join(others)} and {last}" if others else last
