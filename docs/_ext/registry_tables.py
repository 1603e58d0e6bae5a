"""What is registered at build time: tables of it, and a page for each transform and net."""

from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive
from net_pages import facts, reached_in_words, simple_table
from sphinx import addnodes

from eegkit import NeuralClassifier, registry

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
    "transforms": ["class and name", "what it does", "reads", "distribution"],
    "classifiers": [
        "class and name",
        "what it is",
        "reads",
        "distribution",
        "parameters",
        "multiply-adds (M)",
        "ms per trial",
        "accuracy measured",
    ],
}

BASES = {"transforms": "eegkit.Transformer", "classifiers": "eegkit.NeuralClassifier"}
TITLES = {"transforms": "Transforms", "classifiers": "Nets"}


def _cells(kind, name):
    description = registry.describe(kind, name)
    cls = registry.get(kind, name)
    if kind == "datasets":
        return [name, *(str(cls.facts()[heading]) for heading in HEADINGS[kind][1:])]
    cells = [_names(cls, name), description.summary, cls.input_kind, description.entry.distribution]
    return [*cells, *_cost(cls), reached_in_words(name)] if kind == "classifiers" else cells


def _names(cls, name):
    """A class, and the name that it is registered by."""
    return nodes.inline("", "", _link(cls), nodes.Text(" "), nodes.literal(text=name))


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
    cost, _ = facts(cls)
    millions = cost.multiply_adds / 1e6
    return [f"{cost.n_parameters:,}", f"{millions:,.1f}", f"{cost.ms_per_trial:.2f}"]


class RegistryTable(Directive):
    """``.. registry-table:: datasets`` (or transforms, or classifiers)."""

    required_arguments = 1

    def run(self):
        kind = self.arguments[0]
        rows = [_cells(kind, name) for name in registry.names(kind)]
        return [simple_table(HEADINGS[kind], rows, ["registry", kind])]


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
