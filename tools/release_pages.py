"""READMEs as a package index shows them, where no file of the repository stands beside them."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from posixpath import normpath

# A link or a picture in Markdown, and the blank lines after a picture that stands alone.
LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|#")


@dataclass(frozen=True)
class Addresses:
    """Where the project lives: the table ``tool.eegkit`` of the core's ``pyproject.toml``."""

    repository: str = ""
    documentation: str = ""

    @classmethod
    def read(cls, root: Path) -> "Addresses":
        content = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
        return cls(**content["tool"]["eegkit"])

    def of_file(self, path: str, *, version: str, is_picture: bool) -> str:
        """Where a browser finds a file of the repository as it was released."""
        way = "raw" if is_picture else "blob"
        return f"{self.repository.rstrip('/')}/{way}/v{version}/{path}"

    def project_urls(self) -> str:
        """The table ``project.urls``; nothing where no address is known."""
        urls = {"Source": self.repository, "Documentation": self.documentation}
        lines = [f'{label} = "{url}"' for label, url in urls.items() if url]
        return "\n".join(["", "[project.urls]", *lines, ""]) if lines else ""


def relative_links(text: str) -> list[str]:
    """What the links and pictures of a page name that are no addresses."""
    return [m[3] for m in LINK.finditer(text) if not ELSEWHERE.match(m[3])]


def index_readme(text: str, folder: str, root: Path, addresses: Addresses, version: str) -> str:
    """A README whose links hold anywhere.

    Without an address of the repository a link becomes its words and a picture is left out.

    Raises
    ------
    ValueError
        A link names a file that is not there.
    """

    def replacement(match: re.Match[str]) -> str:
        mark, words, target = match.groups()
        if ELSEWHERE.match(target):
            return match[0]
        path, _, anchor = target.partition("#")
        path = normpath(str(PurePosixPath(folder) / path))
        if not (root / path).exists():
            raise ValueError(f"{folder}/README.md links to {target}, which is no file.")
        if not addresses.repository:
            return "" if mark else words
        address = addresses.of_file(path, version=version, is_picture=bool(mark))
        return f"{mark}[{words}]({address}{'#' if anchor else ''}{anchor})"

    return re.sub(r"\n{3,}", "\n\n", LINK.sub(replacement, text))
