"""Every `wilks` command on a page is one that the program takes, with its options."""

from pathlib import Path

import click
import pytest

from wilks.cli import main

from tests.pages.markdown import DOCS, ROOT, blocks, command_lines

PAGES = [ROOT / "README.md", *sorted(path for path in DOCS.rglob("*.md") if "_build" not in path.parts)]

SHELLS = {"", "sh", "text"}


def context(words: list[str]) -> click.Context:
    """What `wilks WORDS` makes of its options, and of those of its subcommand; nothing is run."""
    command: click.Command = main
    found = main.make_context("wilks", list(words))
    while isinstance(command, click.Group):
        name, inner, rest = command.resolve_command(found, [*found._protected_args, *found.args])
        assert inner is not None
        found, command = inner.make_context(name, rest, parent=found), inner
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_of_a_page_are_understood(page: Path) -> None:
    for block in blocks(page):
        for words in command_lines(block) if block.language in SHELLS else ():
            try:
                context(words)
            except click.ClickException as error:
                pytest.fail(f"{block.place}: wilks {' '.join(words)}: {error.format_message()}")


def test_pages_have_commands() -> None:
    found = [words for page in PAGES for block in blocks(page) for words in command_lines(block)]
    assert len(found) > 60 and {"compare", "run", "toys", "monitor", "power"} <= {words[0] for words in found}


def test_an_option_that_does_not_exist_is_found() -> None:
    with pytest.raises(click.NoSuchOption):
        context(["toys", "submit", "folder", "--backend", "slurm", "--no-such-option"])
