"""What the page of a net shows beside its docstring: its layers, its cost, what it reached."""

import sys
import warnings
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from docutils import nodes
from docutils.parsers.rst import Directive
from net_drawings import draw
from net_layers import layers

from eegkit import registry
from eegkit.classifiers import net_cost

sys.path.append(str(Path(__file__).parents[2] / "benchmarks" / "accuracy"))
from tables import METRICS, RESULTS, STUDIES, TASKS

# What nets are counted, timed and drawn on: 4 classes, and trials of these shapes.
EXAMPLES = {"raw": (22, 1000), "spectrogram": (22, 64, 32)}
AXES = {"raw": "channels × samples", "spectrogram": "channels × frequencies × frames"}  # noqa: RUF001


@cache
def facts(cls):
    """The cost of a net of default parameters, and its drawing."""
    X = np.random.default_rng(0).normal(size=(4, *EXAMPLES[cls.input_kind]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        net = cls(max_epochs=1, device="cpu", random_state=0).fit(X, ["a", "b", "c", "d"])
    rows = layers(net.net_.module_, net.padded_shape)
    return net_cost(net), draw(f"The layers of {cls.__name__}", net.input_shape_, rows)


@cache
def results():
    """All accuracies of the four studies, with the names of their tasks in words."""
    tables = [pd.read_csv(RESULTS / f"{study}.csv") for study in STUDIES]
    table = pd.concat(tables)
    table = table[table.metric.isin(["accuracy", "balanced_accuracy"])]
    return table.assign(task=table.task.replace(TASKS), metric=table.metric.replace(METRICS))


def reached(name):
    """The rows of a net, by its registered name."""
    return results()[results().decoder == name]


def reached_in_words(name):
    """The range of a net's accuracies, for a cell."""
    means = reached(name)["mean"]
    if not len(means):
        return "not measured"
    return f"{means.min():.2f} to {means.max():.2f} in {len(means)} tasks"


def simple_table(headings, rows, classes=()):
    """A table of texts and nodes; a text of the first column is code."""
    table = nodes.table(classes=["table", *classes])
    group = nodes.tgroup(cols=len(headings))
    table += group
    group += [nodes.colspec(colwidth=1) for _ in headings]
    head, body = nodes.thead(), nodes.tbody()
    group += [head, body]
    for section, lines in ((head, [headings]), (body, rows)):
        for line in lines:
            cells = [_content(text, section is body and i == 0) for i, text in enumerate(line)]
            section += nodes.row("", *(nodes.entry("", nodes.paragraph("", "", c)) for c in cells))
    return table


def _content(text, is_name):
    if isinstance(text, nodes.Node):
        return text
    return nodes.literal(text=text) if is_name else nodes.Text(text)


class NetPage(Directive):
    """``.. net-page:: CNNBiGRU``: the layers, the cost, and what was reached."""

    required_arguments = 1

    def run(self):
        name, cls = next(
            (name, registry.get("classifiers", name))
            for name in registry.names("classifiers")
            if registry.get("classifiers", name).__name__ == self.arguments[0]
        )
        cost, svg = facts(cls)
        text = (
            f"Its layers with default parameters, from a trial ({AXES[cls.input_kind]}) to 4 "
            "classes: what comes out of each, without the batch, and how many parameters it has. "
            f"{cost.n_parameters:,} parameters in all, {cost.multiply_adds / 1e6:,.1f} million "
            f"multiply-adds and {cost.ms_per_trial:.2f} ms per trial on the machine that built "
            "this page."
        )
        drawing = nodes.raw("", f'<div class="net">{svg}</div>', format="html")
        return [nodes.rubric("", "Layers"), nodes.paragraph("", text), drawing, *_measured(name)]


def _measured(name):
    """What a net reached in the studies of the benchmarks, if it took part."""
    rows = [
        [
            nodes.Text(row.task),
            row.metric,
            f"{row.mean:.3f} ({row.ci_low:.3f} to {row.ci_high:.3f})",
        ]
        for row in reached(name).itertuples()
    ]
    if not rows:
        return []
    headings = ["task", "metric", "mean and 95 % interval"]
    return [nodes.rubric("", "Reached in the benchmarks"), simple_table(headings, rows)]


def setup(app):
    app.add_directive("net-page", NetPage)
    return {"parallel_read_safe": True}
