"""Measure the house: what a stranger meets first in the core and in the plugins, in figures.

Run ``python tools/house.py`` for the table, ``--details`` for the places behind each figure,
``--check`` to fail where a limit is passed, ``--json`` for a program to read, and ``--root DIR``
for another checkout. Only the standard library is used, and nothing that is measured is imported.

What is counted:

code lines
    Lines that hold more than blanks, comments and docstrings.
function
    Its code lines from ``def`` to the end, the signature and inner functions included.
nesting
    How many of ``if``, ``for``, ``while``, ``with``, ``try`` and ``match`` stand around a statement
    of a function. ``elif`` is no deeper than its ``if``; an inner function starts again at 0.
imports
    Those at the top of a module, those inside of functions (``importlib.import_module`` with a
    literal name, too) and those for types only: a reader follows all three. ``from a import b``
    points to ``a.b`` where that is a module, else to ``a``.
circle
    Modules that reach one another by imports. Rooms likewise: a room is a package with all its
    files; where a package holds further public packages, each file beside them is a room.
names
    Each name counts once in the function, class or module that binds it: variables, parameters,
    attributes that are set, functions and classes; without ``self``, ``cls``, ``_`` and special
    names. Vague is a name that is a participle or a pronoun, leading underscores aside: the words
    of ``house_names.toml``. Names of several words, and those learned by ``fit``, which end in an
    underscore, are not vague.
shared lines
    Two places, each of six consecutive code lines, that are the same, white space aside. A longer
    stretch counts once more for each line. Lines without a letter or digit are passed over.
"""

import argparse
import itertools
import json
import re
import statistics
import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

from house_source import Module, read

MAX_MODULE_LINES = 400
MAX_FUNCTION_LINES = 40
MAX_NESTING = 4
MIN_SHARED_LINES = 6

WORDS = tomllib.loads(Path(__file__).with_name("house_names.toml").read_text(encoding="utf-8"))

# For core and plugins together. They may be lowered, not raised.
LIMITS = {
    "circles": 0,
    "room_circles": 0,
    "long_modules": 0,
    "long_functions": 0,
    "max_nesting": 4,
    "vague_percent": 2.0,
    "shared_places": 10,
}


def is_counted(name: str) -> bool:
    """Whether a name is one of those that a share is taken of."""
    return name not in {"self", "cls"} and not re.fullmatch(r"_+|__\w+__", name)


def is_vague(name: str) -> bool:
    """Whether a whole name is a participle or a pronoun."""
    word = name.lstrip("_").lower()
    if re.fullmatch(r"[a-z]{2,}ed", word):
        return word not in WORDS["terms"]
    return word in WORDS["irregular_participles"] or word in WORDS["pronouns"]


def graph(modules: Iterable[Module]) -> dict[str, set[str]]:
    """Which module imports which, of those given."""
    modules = list(modules)
    names = {module.name for module in modules}
    arrows: dict[str, set[str]] = {name: set() for name in sorted(names)}
    for module in modules:
        for target in module.imports:
            base, _, attribute = target.partition(":")
            inner = f"{base}.{attribute}"
            imported = inner if inner in names else base
            if imported in names and imported != module.name:
                arrows[module.name].add(imported)
    return arrows


def rooms(arrows: dict[str, set[str]], packages: set[str]) -> dict[str, set[str]]:
    """The same arrows between rooms."""
    public = {name for name in packages if not name.rpartition(".")[2].startswith("_")}
    parents = {name.rpartition(".")[0] for name in public}

    def room(name: str) -> str:
        while name not in public:
            parent = name.rpartition(".")[0]
            if (parent in parents and name not in packages) or not parent:
                break
            name = parent
        return name

    between: dict[str, set[str]] = defaultdict(set)
    for name, targets in arrows.items():
        between[room(name)].update(room(target) for target in targets if room(target) != room(name))
    return dict(between)


def circles(arrows: dict[str, set[str]]) -> list[list[str]]:
    """Groups of nodes that reach one another, each sorted."""
    reach = {name: _reachable(name, arrows) for name in arrows}
    groups = {
        tuple(sorted(other for other in reach[name] if name in reach.get(other, ())))
        for name in arrows
        if name in reach[name]
    }
    return [list(group) for group in sorted(groups)]


def _reachable(start: str, arrows: dict[str, set[str]]) -> set[str]:
    visited: set[str] = set()
    waiting = list(arrows[start])
    while waiting:
        name = waiting.pop()
        if name not in visited:
            visited.add(name)
            waiting.extend(arrows.get(name, ()))
    return visited


def shared_lines(modules: Iterable[Module]) -> list[tuple[str, str, int]]:
    """Pairs of places with the same lines: first place, second place, number of lines."""
    texts = {module.path: _comparable(module) for module in modules}
    windows: dict[tuple[str, ...], list[tuple[str, int]]] = defaultdict(list)
    for path, text in texts.items():
        for start in range(len(text) - MIN_SHARED_LINES + 1):
            window = tuple(line for _, line in text[start : start + MIN_SHARED_LINES])
            windows[window].append((path, start))
    matches = {
        pair
        for places in windows.values()
        for pair in itertools.combinations(places, 2)
        if pair[0][0] != pair[1][0] or pair[1][1] - pair[0][1] >= MIN_SHARED_LINES
    }
    stretches = []
    for (path, start), (other, begin) in sorted(matches):
        if ((path, start - 1), (other, begin - 1)) in matches:
            continue  # inside of a stretch that is counted from its first line
        length = MIN_SHARED_LINES
        while _later(path, start, other, begin, length) in matches:
            length += 1
        first, second = texts[path][start][0], texts[other][begin][0]
        stretches.append((f"{path}:{first}", f"{other}:{second}", length))
    return stretches


def _later(path: str, start: int, other: str, begin: int, length: int) -> tuple:
    offset = length - MIN_SHARED_LINES + 1
    return (path, start + offset), (other, begin + offset)


def _comparable(module: Module) -> list[tuple[int, str]]:
    lines = ((number, module.lines[number - 1].strip()) for number in module.code_lines)
    return [(number, line) for number, line in lines if re.search(r"\w", line)]


def measure(modules: list[Module]) -> tuple[dict[str, float], dict[str, list[str]]]:
    """The figures of some modules, and the places behind those that have any."""
    functions = [function for module in modules for function in module.functions]
    lengths = sorted(function.n_code_lines for function in functions) or [0]
    names = [name for module in modules for name in module.bindings if is_counted(name)]
    n_vague = sum(map(is_vague, names))
    arrows = graph(modules)
    packages = {module.name for module in modules if module.is_package}
    between = rooms(arrows, packages)
    code = sum(len(module.code_lines) for module in modules)
    stretches = shared_lines(modules)
    places = {
        "circles": [" ".join(circle) for circle in circles(arrows)],
        "room_circles": [" ".join(circle) for circle in circles(between)],
        "long_modules": [
            f"{module.path} {len(module.lines)}"
            for module in modules
            if len(module.lines) > MAX_MODULE_LINES
        ],
        "long_functions": [
            f"{function.place} {function.n_code_lines}"
            for function in functions
            if function.n_code_lines > MAX_FUNCTION_LINES
        ],
        "deep_functions": [
            f"{function.place} {function.nesting}"
            for function in functions
            if function.nesting > MAX_NESTING
        ],
        "vague_percent": _vague_names(modules),
        "shared_places": [f"{first} {second} {length}" for first, second, length in stretches],
    }
    figures = {
        "modules": len(modules),
        "code_lines": code,
        "comments_per_100_code_lines": 100 * sum(m.n_comments for m in modules) / max(code, 1),
        "circles": len(places["circles"]),
        "rooms": len(between),
        "room_circles": len(places["room_circles"]),
        "long_modules": len(places["long_modules"]),
        "functions": len(functions),
        "median_function_lines": statistics.median(lengths),
        "p90_function_lines": lengths[int(0.9 * len(lengths))],
        "long_functions": len(places["long_functions"]),
        "long_functions_with_docstring": sum(f.n_lines > MAX_FUNCTION_LINES for f in functions),
        "max_nesting": max((function.nesting for function in functions), default=0),
        "deep_functions": len(places["deep_functions"]),
        "names": len(names),
        "vague_percent": 100 * n_vague / max(len(names), 1),
        "shared_places": sum(length - MIN_SHARED_LINES + 1 for _, _, length in stretches),
    }
    return figures, places


def _vague_names(modules: list[Module]) -> list[str]:
    """The vague names of each folder, the most frequent first."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for module in modules:
        vague = (name for name in module.bindings if is_counted(name) and is_vague(name))
        counts[module.path.rpartition("/")[0]].update(vague)
    return [
        f"{folder} ({counter.total()}): "
        + ", ".join(f"{name} {count}" for name, count in counter.most_common())
        for folder, counter in sorted(counts.items())
        if counter
    ]


TITLES = {
    "modules": "modules",
    "code_lines": "code lines",
    "comments_per_100_code_lines": "comments in 100 code lines",
    "circles": "circles of imports between modules",
    "rooms": "rooms",
    "room_circles": "circles of imports between rooms",
    "long_modules": f"modules over {MAX_MODULE_LINES} lines",
    "functions": "functions",
    "median_function_lines": "lines of a function, median",
    "p90_function_lines": "lines of a function, 90th percentile",
    "long_functions": f"functions over {MAX_FUNCTION_LINES} lines",
    "long_functions_with_docstring": "  the same, docstrings and comments counted",
    "max_nesting": "deepest nesting",
    "deep_functions": f"functions nested deeper than {MAX_NESTING}",
    "names": "names",
    "vague_percent": "names that are a participle or pronoun, %",
    "shared_places": f"pairs of places that share {MIN_SHARED_LINES} lines",
}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parents[1])
    parser.add_argument("--check", action="store_true", help="fail where a limit is passed")
    parser.add_argument("--details", action="store_true", help="the places behind each figure")
    parser.add_argument("--json", action="store_true", help="figures and places as JSON")
    options = parser.parse_args(arguments)

    core = read(options.root, "eegkit/**/*.py")
    plugins = read(options.root, "plugins/*/src/**/*.py")
    if not core:
        parser.error(f"no folder eegkit with Python files in {options.root}")
    columns = {"core": measure(core)[0], "plugins": measure(plugins)[0]}
    columns["all"], places = measure(core + plugins)
    passed = {key: limit for key, limit in LIMITS.items() if columns["all"][key] > limit}

    if options.json:
        print(json.dumps({"figures": columns, "places": places, "passed": passed}, indent=1))
    else:
        print_table(columns)
        shown = TITLES if options.details else passed if options.check else ()
        for key in shown:
            if places.get(key):
                print(f"\n{TITLES[key]}:", *places[key], sep="\n  ")
    for key, limit in passed.items() if options.check else ():
        print(f"{TITLES[key]}: {columns['all'][key]:.4g}, but at most {limit}", file=sys.stderr)
    return int(options.check and bool(passed))


def print_table(columns: dict[str, dict[str, float]]) -> None:
    width = max(map(len, TITLES.values()))
    print(" " * width, *(f"{name:>8}" for name in columns), "   limit")
    for key, title in TITLES.items():
        row = (f"{figures[key]:8.1f}".removesuffix(".0").rjust(8) for figures in columns.values())
        print(title.ljust(width), *row, f"{LIMITS.get(key, ''):>8}")


if __name__ == "__main__":
    sys.exit(main())
