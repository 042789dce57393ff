"""Code blocks of the pages, and how they are run where they stand."""

import itertools
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
_FENCE = re.compile(r"^```(?P<language>[\w-]*)[^\n]*\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_PLACEHOLDER = re.compile(r"[|…]|\.\.\.")


@dataclass(frozen=True)
class Block:
    """Fenced code: its language, its text, and the line of the page on which the text begins."""

    page: Path
    line: int
    language: str
    text: str

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def file(self) -> str | None:
        """The name in a first line that is a comment with nothing but a name of a file."""
        found = re.match(r"#\s*(\S+\.\w+)\n", self.text)
        return found.group(1) if found else None


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return [
        Block(page, text.count("\n", 0, found.start("text")) + 1, found["language"], found["text"])
        for found in _FENCE.finditer(text)
    ]


def with_python() -> list[Path]:
    """Pages that have a block of Python."""
    return [page for page in sorted(DOCS.rglob("*.md")) if any(one.language == "python" for one in blocks(page))]


def run(block: Block, names: dict[str, Any], *, smaller: Mapping[str, str] | None = None) -> None:
    """Run a block of Python; ``smaller`` are numbers for tests, each of which must find its place."""
    code = compile("\n" * (block.line - 1) + reduced(block, smaller or {}), str(block.page), "exec")
    exec(code, names)


def reduced(block: Block, changes: Mapping[str, str]) -> str:
    text = block.text
    for old, new in changes.items():
        text = text.replace(old, new)
    return text


def command_lines(block: Block) -> Iterator[list[str]]:
    """Words of the `wilks` commands of a block, without their comments; synopses are none."""
    for line in block.text.replace("\\\n", " ").splitlines():
        words = line.strip()
        if words.startswith("wilks ") and not _PLACEHOLDER.search(words.partition(" #")[0]):
            yield list(itertools.takewhile(lambda word: word != ">", shlex.split(words, comments=True)[1:]))
