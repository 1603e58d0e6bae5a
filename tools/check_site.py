"""Check a built site: ``python tools/check_site.py docs/_build/html``.

Every link within it leads to a file that is there, and to an anchor that the page has; and no page
asks another host for a script, a style, a font or a picture when it is opened. Links that a reader
follows may lead anywhere. Only the standard library is used.
"""

import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from posixpath import dirname, join, normpath
from urllib.parse import unquote, urlsplit

# Attributes of elements that a browser loads without being asked.
LOADS = {
    "audio": ["src"],
    "embed": ["src"],
    "iframe": ["src"],
    "img": ["src", "srcset"],
    "link": ["href"],
    "object": ["data"],
    "script": ["src"],
    "source": ["src", "srcset"],
    "video": ["src", "poster"],
}
# Relations of <link> that only tell, and load nothing.
TELLS = {"author", "canonical", "copyright", "index", "next", "prev", "search"}
IN_STYLES = re.compile(r"""(?:url\(\s*|@import\s+)["']?([^"')\s;]+)""")
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


class Page(HTMLParser):
    """The anchors of a page, what it links to, and what it loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.in_style = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value for name, value in attrs if value}
        self.anchors |= {values[name] for name in ("id", "name") if name in values}
        self.in_style = tag == "style"
        if tag in ("a", "area") and "href" in values:
            self.links.append(values["href"])
        self.loads += addresses_in(values.get("style", ""))
        if tag == "link" and TELLS & set(values.get("rel", "").split()):
            return
        for name in LOADS.get(tag, []):
            if name in values:
                self.loads += choices(values[name]) if name == "srcset" else [values[name]]

    def handle_data(self, data: str) -> None:
        if self.in_style:
            self.loads += addresses_in(data)

    def handle_endtag(self, tag: str) -> None:
        self.in_style = False


def addresses_in(style: str) -> list[str]:
    """What a style sheet loads."""
    return IN_STYLES.findall(COMMENT.sub("", style))


def choices(srcset: str) -> list[str]:
    return [choice.split()[0] for choice in srcset.split(",") if choice.strip()]


def is_elsewhere(address: str) -> bool:
    parts = urlsplit(address)
    return bool(parts.netloc) or parts.scheme in ("http", "https")


def is_within(address: str) -> bool:
    """Whether an address is that of a file of the site."""
    return not urlsplit(address).scheme and not is_elsewhere(address)


def target(place: str, address: str) -> tuple[str, str]:
    """The file of the site, and the anchor in it, that an address on the page leads to."""
    parts = urlsplit(address)
    path = unquote(parts.path)
    if not path:
        return place, unquote(parts.fragment)
    if path.endswith("/"):
        path += "index.html"
    return normpath(join(dirname(place), path)), unquote(parts.fragment)


def is_page(file: str) -> bool:
    """Whether it is HTML for a reader; a theme's templates lie among the static files."""
    return file.endswith(".html") and not file.startswith("_static/")


def faults_of_page(place: str, pages: dict[str, Page], files: set[str]) -> Iterator[str]:
    page = pages[place]
    for address in page.loads:
        if is_elsewhere(address):
            yield f"loads {address} from another host"
    for address in filter(is_within, page.links + page.loads):
        file, anchor = target(place, address)
        if file not in files:
            yield f"leads to {address}, which is not there"
        elif anchor and file in pages and anchor not in pages[file].anchors:
            yield f"leads to {address}, and {file} has no such anchor"


def faults_of_style(place: str, text: str, files: set[str]) -> Iterator[str]:
    for address in addresses_in(text):
        if is_elsewhere(address):
            yield f"loads {address} from another host"
        elif is_within(address) and target(place, address)[0] not in files:
            yield f"loads {address}, which is not there"


def check(root: Path) -> tuple[dict[str, list[str]], int]:
    """The faults of each page or style sheet, and how many links were followed."""
    files = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
    texts = {f: (root / f).read_text("utf-8") for f in files if f.endswith((".html", ".css"))}
    pages = {file: Page(text) for file, text in texts.items() if is_page(file)}
    faults: dict[str, list[str]] = defaultdict(list)
    for file, text in sorted(texts.items()):
        if file in pages:
            faults[file] += dict.fromkeys(faults_of_page(file, pages, files))
        elif file.endswith(".css"):
            faults[file] += dict.fromkeys(faults_of_style(file, text, files))
    n_links = sum(is_within(a) for page in pages.values() for a in page.links + page.loads)
    return {file: lines for file, lines in faults.items() if lines}, n_links


def main(root: Path) -> int:
    if not (root / "index.html").exists():
        print(f"{root} has no index.html: build the site first.")
        return 2
    faults, n_links = check(root)
    for file, lines in faults.items():
        for line in lines:
            print(f"{file}: {line}")
    n_faults = sum(map(len, faults.values()))
    print(f"{n_links:,} links within the site, {n_faults} faults.")
    return int(n_faults > 0)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
