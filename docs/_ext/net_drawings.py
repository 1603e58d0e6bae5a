"""Nets drawn as boxes, a layer each, in the colours of the theme, light or dark."""

from html import escape

from net_layers import Layer

WIDTH, HEIGHT, GAP, EDGE = 440, 30, 12, 4
SHAPE_AT, PARAMETERS_AT = 345, WIDTH - 12
CROSS = " \N{MULTIPLICATION SIGN} "


def draw(title: str, input_shape: tuple[int, ...], rows: list[Layer]) -> str:
    """The SVG of a net, from the trial on top to the answer at the bottom."""
    boxes = [("trial", "trial", input_shape, ""), *map(_box, rows)]
    height = len(boxes) * (HEIGHT + GAP) - GAP + 2 * EDGE
    parts = [part for i, box in enumerate(boxes) for part in _draw_box(i, *box)]
    return "\n".join(
        [
            f'<svg class="net" role="img" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}">',
            f"<title>{escape(title)}</title>",
            *parts,
            "</svg>",
        ]
    )


def _box(layer: Layer) -> tuple[str, str, tuple[int, ...], str]:
    name = layer.kind + (f"{CROSS}{layer.n}" if layer.n > 1 else "")
    return layer.role, name, layer.shape, f"{layer.n_parameters:,}" if layer.n_parameters else ""


def _draw_box(i: int, role: str, name: str, shape: tuple[int, ...], parameters: str) -> list[str]:
    top = EDGE + i * (HEIGHT + GAP)
    line = top + 20
    arrow = [f'<path d="M40 {top - GAP + 1} v{GAP - 2}"/>'] if i else []
    return [
        *arrow,
        f'<rect class="{role}" x="1" y="{top}" width="{WIDTH - 2}" height="{HEIGHT}" rx="4"/>',
        f'<text x="12" y="{line}">{escape(name)}</text>',
        f'<text x="{SHAPE_AT}" y="{line}" class="figure">{CROSS.join(map(str, shape))}</text>',
        f'<text x="{PARAMETERS_AT}" y="{line}" class="figure">{parameters}</text>',
    ]
