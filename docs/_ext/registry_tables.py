"""Directives that show what is registered at build time: a table, or all classes."""

import warnings

import numpy as np
from docutils import nodes
from docutils.parsers.rst import Directive

from eegkit import registry
from eegkit.classifiers import net_cost

HEADINGS = {
    "datasets": [
        "name",
        "title",
        "people",
        "channels",
        "rate",
        "classes",
        "availability",
        "licence",
    ],
    "transforms": ["name", "class", "what it does", "reads", "distribution"],
    "classifiers": [
        "name",
        "class",
        "what it is",
        "reads",
        "distribution",
        "parameters",
        "multiply-adds (M)",
        "ms per trial",
    ],
}

# What nets are counted and timed on: 4 classes, and trials of these shapes.
EXAMPLES = {"raw": (22, 1000), "spectrogram": (22, 64, 32)}

DOCUMENTED = {
    "transforms": ("eegkit.Transformer", "fit, transform"),
    "classifiers": ("eegkit.NeuralClassifier", "fit, predict, predict_proba"),
}


def _cells(kind, name):
    description = registry.describe(kind, name)
    cls = registry.get(kind, name)
    if kind == "datasets":
        return [str(cls.facts()[heading]) for heading in HEADINGS[kind][1:]]
    cells = [cls.__name__, description.summary, cls.input_kind, description.entry.distribution]
    return cells + (_cost(cls) if kind == "classifiers" else [])


def _cost(cls):
    """Parameters, multiply-adds and time of a net of default parameters."""
    X = np.random.default_rng(0).normal(size=(4, *EXAMPLES[cls.input_kind]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        net = cls(max_epochs=1, device="cpu", random_state=0).fit(X, ["a", "b", "c", "d"])
    found = net_cost(net)
    millions = found.multiply_adds / 1e6
    return [f"{found.n_parameters:,}", f"{millions:,.1f}", f"{found.ms_per_trial:.2f}"]


def _table(headings, rows):
    table = nodes.table(classes=["table"])
    group = nodes.tgroup(cols=len(headings))
    table += group
    group += [nodes.colspec(colwidth=1) for _ in headings]
    head, body = nodes.thead(), nodes.tbody()
    group += [head, body]
    for section, lines in ((head, [headings]), (body, rows)):
        for line in lines:
            row = nodes.row()
            for i, text in enumerate(line):
                is_name = section is body and i == 0
                content = nodes.literal(text=text) if is_name else nodes.Text(text)
                row += nodes.entry("", nodes.paragraph("", "", content))
            section += row
    return table


class RegistryTable(Directive):
    """``.. registry-table:: datasets`` (or transforms, or classifiers)."""

    required_arguments = 1

    def run(self):
        kind = self.arguments[0]
        rows = [[name, *_cells(kind, name)] for name in registry.names(kind)]
        return [_table(HEADINGS[kind], rows)]


class RegistryClasses(Directive):
    """``.. registry-classes:: transforms``: the base and every registered class, documented."""

    required_arguments = 1

    def run(self):
        kind = self.arguments[0]
        base, methods = DOCUMENTED[kind]
        classes = [base]
        for name in registry.names(kind):
            cls = registry.get(kind, name)
            package = cls.__module__.partition(".")[0]
            home = f"eegkit.{kind}" if package == "eegkit" else package
            classes.append(f"{home}.{cls.__name__}")
        lines = []
        for name in classes:
            lines += [f".. autoclass:: {name}", f"   :members: {methods}", ""]
        self.state_machine.insert_input(lines, kind)
        return []


def setup(app):
    app.add_directive("registry-table", RegistryTable)
    app.add_directive("registry-classes", RegistryClasses)
    return {"parallel_read_safe": True}
