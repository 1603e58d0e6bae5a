"""The code blocks of the README, the documentation and the plugins' READMEs.

Python blocks of a page run in order and in one namespace. What a page takes for granted stands in
it, in a comment that begins with ``invisible-code-block: python``. A block that cannot run here
follows a comment ``skip: next`` with the reason; of such a block names and arguments are checked.
Where an expression stands alone and the comment behind it begins with a literal, that is its value.
Experiments are read as by ``eegkit run --check``.
"""

import ast
import builtins
import inspect
import io
import re
import tokenize
from importlib.util import find_spec
from pathlib import Path
from unittest import SkipTest

import pytest
import yaml
from sybil import Sybil
from sybil.evaluators.python import pad
from sybil.parsers.myst import CodeBlockParser, SkipParser

from eegkit import load_dataset, registry
from eegkit.experiment import read_experiment

ROOT = Path(__file__).parents[2]
BUILT = {"_build", "auto_examples", "generated"}
PAGES = [
    path
    for pattern in ("README.md", "docs/**/*.md", "plugins/*/README.md")
    for path in sorted(ROOT.glob(pattern))
    if not BUILT & set(path.parts)
]


def claims(source):
    """What comments begin with, by line, where it is a literal: ``(20, 19)``, or ``4: people``."""
    values = {}
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            text = token.string.lstrip("# ")
            for part in (text.partition(": ")[0], text):
                try:
                    values[token.start[0]] = ast.literal_eval(part)
                except (ValueError, SyntaxError):
                    continue
    return values


def run_block(example):
    source = pad(example.parsed, example.line + example.parsed.line_offset)
    values = claims(source)
    for node in ast.parse(source, example.path).body:
        if isinstance(node, ast.Expr) and node.end_lineno in values:
            code = compile(ast.Expression(node.value), example.path, "eval")
            assert eval(code, example.namespace) == values[node.end_lineno], ast.unparse(node)
        else:
            exec(compile(ast.Module([node], []), example.path, "exec"), example.namespace)


def check_names(source, namespace):
    """Of a block that does not run: every name is bound, and calls have arguments that exist."""
    nodes = list(ast.walk(ast.parse(source)))
    imports = [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
    names = [node for node in nodes if isinstance(node, ast.Name)]
    namespace = dict(namespace)
    for node in imports:
        if find_spec(node.module.partition(".")[0]):  # a page imports from, as the house does
            exec(ast.unparse(node), namespace)
    bound = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    bound |= {alias.name for node in imports for alias in node.names}
    assert {node.id for node in names} - bound - set(namespace) - set(dir(builtins)) == set()
    for node in nodes:
        if isinstance(node, ast.Call) and getattr(node.func, "id", None) in namespace:
            check_arguments(namespace[node.func.id], node)


def check_arguments(function, call):
    if function.__name__ == load_dataset.__name__:
        function = registry.get("datasets", call.args[0].value)
    keywords = {keyword.arg: None for keyword in call.keywords}
    inspect.signature(function).bind_partial(**keywords)


def check_experiment(example):
    """What a piece of an experiment leaves out is given."""
    text = example.parsed
    missing = {"datasets": "simulated", "pipelines": "[band_power+lr, stft+cnn_bigru]"}
    for key, value in missing.items():
        text += "" if key in yaml.safe_load(example.parsed) else f"\n{key}: {value}\n"
    path = Path("experiment.yaml")
    path.write_text(text)
    read_experiment(path)


BLOCKS = Sybil(
    [
        CodeBlockParser("python", run_block),
        CodeBlockParser("yaml", check_experiment),
        SkipParser(),
    ]
)


def needs(text):
    """Marks of what a page cannot do without."""
    if '"mental_arithmetic"' in text:
        yield pytest.mark.realdata("eegmat")
    for name in sorted(set(re.findall(r"(?:from|import) (eegkit_\w+|braindecode|moabb)", text))):
        reason = f"needs {name}, which is not installed"
        yield pytest.mark.skipif(find_spec(name) is None, reason=reason)


def cases():
    for path in PAGES:
        document = BLOCKS.parse(path)
        if document.regions:
            marks = list(needs(document.text))
            yield pytest.param(document, marks=marks, id=str(path.relative_to(ROOT)))


@pytest.mark.usefixtures("small_scale")
@pytest.mark.parametrize("document", cases())
def test_blocks(document):
    document.namespace["__name__"] = "__main__"
    for example in document:
        try:
            example.evaluate()
        except SkipTest:
            if example.region.evaluator is run_block:
                check_names(example.parsed, document.namespace)


def run(tmp_path, text):
    page = tmp_path / "page.md"
    page.write_text(text)
    test_blocks(BLOCKS.parse(page))


@pytest.mark.parametrize(
    ("text", "error"),
    {
        "name": ("```python\nimport eegkit\neegkit.no_such_name\n```\n", AttributeError),
        "value": ("```python\n(1, 2)  # (1, 3): a shape\n```\n", AssertionError),
        "key": ("```yaml\nno_such_key: 1\n```\n", ValueError),
        "skipped name": ('<!-- skip: next "x" -->\n\n```python\nnowhere\n```\n', AssertionError),
        "skipped argument": (
            '<!-- skip: next "x" -->\n\n'
            '```python\nfrom eegkit import load_dataset\nload_dataset("bonn", no=1)\n```\n',
            TypeError,
        ),
    }.values(),
)
def test_what_is_wrong_fails(text, error, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error):
        run(tmp_path, text)


def test_what_is_right_passes(tmp_path):
    run(tmp_path, "```python\nx = 2\n```\n\n```python\n(x, 3)  # (2, 3): a shape\n```\n")
