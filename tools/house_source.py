"""One file of the house, parsed: its code lines, functions, imports and names."""

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path


@dataclass(frozen=True)
class Function:
    """One function: where it stands, its code lines, and the deepest nesting in it."""

    place: str
    n_code_lines: int
    n_lines: int
    nesting: int


@dataclass
class Module:
    """One file, parsed."""

    path: str  # from the root of the checkout
    name: str  # as it is imported
    source: str
    tree: ast.Module = field(init=False)

    def __post_init__(self) -> None:
        self.tree = ast.parse(self.source)

    @cached_property
    def is_package(self) -> bool:
        return self.path.endswith("__init__.py")

    @cached_property
    def lines(self) -> list[str]:
        return self.source.splitlines()

    @cached_property
    def code_lines(self) -> list[int]:
        """Numbers of the lines that hold code, from 1."""
        numbers: set[int] = set()
        empty = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
        for token in tokenize.generate_tokens(io.StringIO(self.source).readline):
            if token.type not in empty and token.type != tokenize.ENDMARKER:
                numbers.update(range(token.start[0], token.end[0] + 1))
        return sorted(numbers - _docstring_lines(self.tree))

    @cached_property
    def n_comments(self) -> int:
        """Lines with a comment for people, not one for a tool."""
        comment = re.compile(r"(^\s*|  )# (?!fmt:|type:|noqa|doctest:|pragma)")
        return sum(bool(comment.search(line)) for line in self.lines)

    @cached_property
    def functions(self) -> list[Function]:
        numbers = set(self.code_lines)
        return [
            Function(
                f"{self.path}:{node.lineno} {node.name}",
                sum(number in numbers for number in range(node.lineno, node.end_lineno + 1)),
                node.end_lineno - node.lineno + 1,
                _nesting(node.body),
            )
            for node in ast.walk(self.tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        ]

    @cached_property
    def imports(self) -> list[str]:
        """What it imports, in full: 'a.b' for ``import a.b``, 'a.b:c' for ``from a.b import c``."""
        return list(_imports(self.tree, self.name.split("."), self.is_package))

    @cached_property
    def bindings(self) -> list[str]:
        return list(_bindings(self.tree))


def _docstring_lines(tree: ast.Module) -> set[int]:
    """Lines of strings that stand as statements of their own: docstrings, and those of fields."""
    return {
        number
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
        for number in range(node.lineno, node.end_lineno + 1)
    }


BLOCKS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.Match)
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def _nesting(body: Iterable[ast.AST], depth: int = 0) -> int:
    deepest = depth
    for node in body:
        if isinstance(node, SCOPES):
            continue
        inner = depth + isinstance(node, BLOCKS)
        children = list(ast.iter_child_nodes(node))
        # `elif` is an `if` alone in the `else` of another, and stands no deeper.
        if isinstance(node, ast.If) and [type(child) for child in node.orelse] == [ast.If]:
            children.remove(node.orelse[0])
            deepest = max(deepest, _nesting(node.orelse, depth))
        deepest = max(deepest, _nesting(children, inner))
    return deepest


def _imports(node: ast.AST, package: list[str], is_package: bool) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            base = child.module or ""
            if child.level:
                up = child.level - is_package
                parents = package[: len(package) - up]
                base = ".".join([*parents, base] if base else parents)
            yield from (f"{base}:{alias.name}" for alias in child.names)
        elif isinstance(child, ast.Call) and _name(child.func) == "import_module":
            if child.args and isinstance(child.args[0], ast.Constant):
                yield str(child.args[0].value)
        else:
            yield from _imports(child, package, is_package)


def _name(function: ast.expr) -> str:
    return getattr(function, "attr", "") or getattr(function, "id", "")


def _bindings(scope: ast.AST) -> Iterator[str]:
    """The names that a scope binds, each once, and then those of the scopes inside."""
    names: set[str] = set()
    inner: list[ast.AST] = []
    nodes = list(ast.iter_child_nodes(scope))
    while nodes:
        node = nodes.pop()
        if isinstance(node, SCOPES):
            names.add(node.name)
            inner.append(node)
            # Decorators, defaults and bases are evaluated outside, and bind nothing but by `:=`.
            continue
        if isinstance(node, ast.Lambda):
            inner.append(node)
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            names.add(node.attr)
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            names.add(node.name)
        nodes.extend(ast.iter_child_nodes(node))
    yield from sorted(names)
    for node in inner:
        yield from _bindings(node)


def read(root: Path, *patterns: str) -> list[Module]:
    """The modules of a checkout that match, sorted by path."""
    modules = []
    for path in sorted(path for pattern in patterns for path in root.glob(pattern)):
        parts = list(path.relative_to(root).with_suffix("").parts)
        if "src" in parts:
            parts = parts[parts.index("src") + 1 :]
        if parts[-1] == "__init__":
            parts.pop()
        where = path.relative_to(root).as_posix()
        modules.append(Module(where, ".".join(parts), path.read_text(encoding="utf-8")))
    return modules
