"""`feedpub completion`: print the completion script of a shell."""

import click

from feedpub.cli.terminal import echo


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script of a shell.

    \b
    Examples:
      feedpub completion bash > ~/.local/share/bash-completion/completions/feedpub
      feedpub completion zsh > ~/.zfunc/_feedpub    # fpath+=~/.zfunc before compinit in .zshrc
      feedpub completion fish > ~/.config/fish/completions/feedpub.fish

    Exit status: 0, or 2 if the shell is not one of these.
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    root = click.get_current_context().find_root().command
    if kind is None:
        raise click.UsageError(f"click has no completion for {shell}.")
    echo(kind(root, {}, "feedpub", "_FEEDPUB_COMPLETE").source())
