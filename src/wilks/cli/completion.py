"""The script by which a shell completes `wilks`."""

import click
from click.shell_completion import get_completion_class

SHELLS = ("bash", "zsh", "fish")
_VARIABLE = "_WILKS_COMPLETE"


@click.command(short_help="Print what makes a shell complete commands and options.")
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print a script for SHELL that completes commands, options and names of files.

    \b
    bash:  wilks completion bash > ~/.wilks-complete.bash; echo ". ~/.wilks-complete.bash" >> ~/.bashrc
    zsh:   wilks completion zsh > ~/.wilks-complete.zsh; echo ". ~/.wilks-complete.zsh" >> ~/.zshrc
    fish:  wilks completion fish > ~/.config/fish/completions/wilks.fish
    """
    made = get_completion_class(shell)
    root = click.get_current_context().find_root().command
    assert made is not None
    click.echo(made(root, {}, "wilks", _VARIABLE).source())
