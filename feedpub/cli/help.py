"""`feedpub help` and `feedpub completion`: show the manual, and complete commands in a shell."""

import re
import sys
from typing import TYPE_CHECKING

import click

from feedpub.cli.terminal import echo, make_console

if TYPE_CHECKING:
    from feedpub.manual import UnknownTopicError

_INDEX = "index"
_MAX_COLUMNS = 110  # longer lines are hard to read
_LINK = re.compile(r"\[([^\[\]]+)\]\(([a-z][a-z0-9-]*)\.md(?:#[\w.-]*)?\)")
_OTHER_LINK = re.compile(r"\[([^\[\]]+)\]\((?!https?:)[^()]*\)")
_NEXT_STEP = (
    "\n\nRead a page with `feedpub help TOPIC`, "
    "and a part of one with `feedpub help settings.limit`."
)


@click.command("help")
@click.argument("topic", default=_INDEX, metavar="[TOPIC]")
def show_help(topic: str) -> None:
    """Show a page of the manual, or the list of its topics.

    TOPIC is a page, such as scheduling, or a part of one, such as settings.limit or commands.add.

    \b
    Examples:
      feedpub help                   the topics
      feedpub help tutorial          a page
      feedpub help settings.limit    one setting
      feedpub help commands.add      one command

    Exit status: 0, or 2 if there is no such topic.
    """
    from feedpub import manual

    try:
        text = manual.find_subject(topic).strip()
    except manual.UnknownTopicError as error:
        raise click.UsageError(_format_error(error)) from None
    if sys.stdout.isatty():
        _show_in_pager(text + _NEXT_STEP if topic == _INDEX else text)
    else:
        echo(text)


def _format_error(error: "UnknownTopicError") -> str:
    similar = f" Similar topics: {', '.join(error.closest)}." if error.closest else ""
    return f"There is no topic {error.subject!r}.{similar}\n`feedpub help` lists all topics."


def _show_in_pager(text: str) -> None:
    from rich.markdown import Markdown

    console = make_console()
    console.width = min(console.width, _MAX_COLUMNS)
    with console.capture() as captured:
        console.print(Markdown(_name_topics(text), code_theme="ansi_dark", hyperlinks=False))
    click.echo_via_pager(captured.get())


def _name_topics(text: str) -> str:
    """Replace links to other pages with their text and the name of the topic."""
    text = _LINK.sub(
        lambda link: link[1] if link[1] == link[2] else f"{link[1]} (`{link[2]}`)", text
    )
    return _OTHER_LINK.sub(r"\1", text)


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
