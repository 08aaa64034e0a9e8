"""The command reference, made from the commands themselves."""

from __future__ import annotations

import sys

import click

from layer1_extract.cli import cli as layer1
from layer2_train.cli import cli as layer2
from layer3_infer.cli import cli as layer3

LAYERS = {"layer1_extract": layer1, "layer2_train": layer2, "layer3_infer": layer3}
HEAD = """# Commands

Results go to standard output, progress and logs to standard error. Exit statuses: 0 done; 1 a bug;
2 usage or configuration; 3 a slide could not be read; 4 a file broke its contract; 75 stopped at a
checkpoint, run the same command again.

This page is made from the commands by `make docs`.
"""


def commands(group: click.Group) -> dict[str, click.Command]:
    """The commands of a group by name, sorted; those of a group in it by both names."""
    found: dict[str, click.Command] = {}
    for name, command in sorted(group.commands.items()):
        if isinstance(command, click.Group):
            found |= {f"{name} {inner}": one for inner, one in commands(command).items()}
        else:
            found[name] = command
    return found


def reference() -> str:
    """The whole page, Markdown."""
    parts = [HEAD]
    for group in LAYERS.values():
        parts.append(f"## `{group.name}`\n\n{group.help}\n")
        for name, command in commands(group).items():
            context = click.Context(
                command,
                info_name=f"{group.name} {name}",
                terminal_width=96,
                max_content_width=96,
                show_default=True,
                help_option_names=["-h", "--help"],
            )
            parts.append(
                f"### `{group.name} {name}`\n\n```text\n{command.get_help(context)}\n```\n"
            )
    return "\n".join(parts)


if __name__ == "__main__":
    sys.stdout.write(reference())
