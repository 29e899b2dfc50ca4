"""Help pages in both languages, written from what Typer knows of a command."""

from __future__ import annotations

import shutil
import textwrap
from typing import Any

import typer.core

from twin.wording import Wording

__all__ = ["HelpedCommand", "HelpedGroup"]

_WIDEST_PAGE = 100
_WIDEST_COLUMN = 30


class HelpedCommand(typer.core.TyperCommand):
    """A command whose help texts are message ids."""

    def get_help(self, ctx: typer.Context) -> str:  # type: ignore[override]
        """Write the page of one command: usage, what it does, what it takes."""
        wording: Wording = ctx.obj.wording
        arguments = [p for p in self.params if p.param_type_name == "argument"]
        options = [p for p in self.params if p.param_type_name == "option" and not getattr(p, "hidden", False)]
        required = [_shown_option(p) for p in options if p.required]
        usage = " ".join(
            [ctx.command_path, *map(_shown_argument, arguments), *required, wording.text("cli.help.options")]
        )
        rows = [(_name(p), wording.text(str(getattr(p, "help", "") or ""))) for p in arguments]
        return _page(
            wording,
            usage,
            wording.text(str(self.help)),
            {
                "cli.help.heading_arguments": rows,
                "cli.help.heading_options": [
                    *((_shown_option(p), wording.text(str(getattr(p, "help", "") or ""))) for p in options),
                    *_common_options(wording),
                ],
            },
            epilog=wording.text(str(self.epilog)) if self.epilog else "",
        )


class HelpedGroup(typer.core.TyperGroup):
    """The program itself: lists its commands."""

    def get_help(self, ctx: typer.Context) -> str:  # type: ignore[override]
        """Write the first page: what TwinSight is, its commands, the notice."""
        wording: Wording = ctx.obj.wording
        commands = [(name, wording.text(str(command.help)).split("\n")[0]) for name, command in self.commands.items()]
        return _page(
            wording,
            f"{ctx.command_path} {wording.text('cli.help.command')} {wording.text('cli.help.options')}",
            wording.text("cli.help.about"),
            {
                "cli.help.heading_commands": commands,
                "cli.help.heading_options": [
                    ("--version", wording.text("cli.help.version")),
                    *_common_options(wording),
                ],
            },
            epilog=wording.text("cli.help.exit_codes") + "\n\n" + wording.text("notice.not_a_device"),
        )


def _common_options(wording: Wording) -> list[tuple[str, str]]:
    return [
        ("--json", wording.text("cli.help.json")),
        ("--language fr|en", wording.text("cli.help.language")),
        ("--help", wording.text("cli.help.help")),
    ]


def _name(parameter: Any) -> str:
    return str(parameter.metavar or parameter.name.upper())


def _shown_argument(parameter: Any) -> str:
    return _name(parameter) if parameter.required else f"[{_name(parameter)}]"


def _shown_option(parameter: Any) -> str:
    name = " / ".join([*parameter.opts, *parameter.secondary_opts])
    choices = parameter.type_descriptor.choices
    if getattr(parameter, "is_flag", False):
        return name
    return f"{name} {parameter.metavar or ('|'.join(str(getattr(c, 'value', c)) for c in choices) if choices else '')}"


def _page(
    wording: Wording, usage: str, about: str, sections: dict[str, list[tuple[str, str]]], *, epilog: str = ""
) -> str:
    width = min(shutil.get_terminal_size().columns, _WIDEST_PAGE)
    parts = [f"{wording.text('cli.help.usage')} {usage}"]
    parts += [textwrap.fill(paragraph, width) for paragraph in about.split("\n") if paragraph]
    names = [len(name) + 2 for rows in sections.values() for name, _ in rows]
    column = max((length for length in names if length <= _WIDEST_COLUMN), default=0)
    for heading, rows in sections.items():
        if rows:
            parts.append("\n".join([wording.text(heading), *(_row(name, text, width, column) for name, text in rows)]))
    parts += [textwrap.fill(paragraph, width) for paragraph in epilog.split("\n") if paragraph]
    return "\n\n".join(parts)


def _row(name: str, text: str, width: int, column: int) -> str:
    gap = " " * (column + 2)
    lines = textwrap.wrap(text, max(width - column - 2, 20)) or [""]
    head = f"  {name}"
    first = f"{head:<{column}}  {lines[0]}" if len(head) <= column else f"{head}\n{gap}{lines[0]}"
    return "\n".join([first, *(gap + line for line in lines[1:])])
