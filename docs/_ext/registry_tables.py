"""What is registered at build time: tables of it, and a page for each transform and net."""

import warnings
from pathlib import Path

import numpy as np
from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx import addnodes

from eegkit import NeuralClassifier, registry
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

BASES = {"transforms": "eegkit.Transformer", "classifiers": "eegkit.NeuralClassifier"}
TITLES = {"transforms": "Transforms", "classifiers": "Nets"}


def _cells(kind, name):
    description = registry.describe(kind, name)
    cls = registry.get(kind, name)
    if kind == "datasets":
        return [str(cls.facts()[heading]) for heading in HEADINGS[kind][1:]]
    cells = [_link(cls), description.summary, cls.input_kind, description.entry.distribution]
    return cells + (_cost(cls) if kind == "classifiers" else [])


def _link(cls):
    """The name of a class, which links to its page."""
    target = public_name(cls)
    link = addnodes.pending_xref(
        "", refdomain="py", reftype="class", reftarget=target, refexplicit=True, refwarn=True
    )
    link += nodes.literal(text=cls.__name__)
    return link


def _cost(cls):
    """Parameters, multiply-adds and time of a net of default parameters."""
    X = np.random.default_rng(0).normal(size=(4, *EXAMPLES[cls.input_kind]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        net = cls(max_epochs=1, device="cpu", random_state=0).fit(X, ["a", "b", "c", "d"])
    found = net_cost(net)
    millions = found.multiply_adds / 1e6
    return [f"{found.n_parameters:,}", f"{millions:,.1f}", f"{found.ms_per_trial:.2f}"]


def _table(kind, headings, rows):
    table = nodes.table(classes=["table", "registry", kind])
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
                if isinstance(text, nodes.Node):
                    content = text
                else:
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
        return [_table(kind, HEADINGS[kind], rows)]


def write_registry_pages(app, config):
    """Write which classes are registered, for the API to have a page of each."""
    folder = Path(app.srcdir) / "generated"
    folder.mkdir(exist_ok=True)
    for kind, base in BASES.items():
        lines = ["```{eval-rst}", ".. autosummary::", "   :toctree: .", "   :nosignatures:", ""]
        lines += [f"   {name}" for name in [base, *map(public_name, classes_of(kind))]]
        text = "\n".join([f"# {TITLES[kind]}", "", *lines, "```", ""])
        path = folder / f"{kind}.md"
        if not path.exists() or path.read_text() != text:
            path.write_text(text)


def classes_of(kind):
    return [registry.get(kind, name) for name in registry.names(kind)]


def public_name(cls):
    """Where a user imports it from."""
    package = cls.__module__.partition(".")[0]
    kind = "classifiers" if issubclass(cls, NeuralClassifier) else "transforms"
    return f"eegkit.{kind}.{cls.__name__}" if package == "eegkit" else f"{package}.{cls.__name__}"


def setup(app):
    app.add_directive("registry-table", RegistryTable)
    return {"parallel_read_safe": True}
