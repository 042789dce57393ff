"""Options that several commands have are the same in all of them."""

from collections.abc import Iterator

import click

from wilks.cli import main


def all_commands(group: click.Group) -> Iterator[click.Command]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from all_commands(command)
        else:
            yield command


def test_where_to_write_has_one_letter_in_every_command() -> None:
    options = [option for command in all_commands(main) for option in command.params if "--output" in option.opts]
    assert len(options) > 5 and all("-o" in option.opts for option in options)
