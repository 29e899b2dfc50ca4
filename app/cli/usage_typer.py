"""Typer's complaints about a command line, as our own typed error in the user's language."""

from __future__ import annotations

import typer

from twin.errors import UsageError

__all__ = ["usage_error_of"]


def usage_error_of(error: typer.TyperException, commands: tuple[str, ...]) -> UsageError:
    """Return the one-line error for what Typer refused.

    Parameters
    ----------
    error
        What Typer raised; its kinds are told apart by what they carry, since they are not public.
    commands
        Names of the commands there are.
    """
    option = getattr(error, "option_name", None)
    parameter = getattr(error, "param", None)
    kind = type(error).__name__
    if kind == "NoSuchOption":
        near = ", ".join(getattr(error, "possibilities", None) or ()) or "--help"
        return UsageError("error.usage.no_such_option", option=option, known=near)
    if kind == "BadOptionUsage":
        return UsageError("error.usage.missing_value", option=option)
    if kind == "MissingParameter" and parameter is not None:
        return UsageError("error.usage.missing", option=_shown(parameter))
    if parameter is not None and parameter.type_descriptor.annotation in (float, int):
        return UsageError("error.usage.not_a_number", option=_shown(parameter))
    if parameter is not None:
        return UsageError("error.usage.not_accepted", option=_shown(parameter), expected=_expected(parameter))
    context = getattr(error, "ctx", None)
    if context is not None and context.parent is None:
        return UsageError("error.usage.no_such_command", known=", ".join(commands))
    return UsageError("error.usage.superfluous", reason=error.format_message())


def _shown(parameter) -> str:  # type: ignore[no-untyped-def]
    return str(parameter.opts[0] if parameter.param_type_name == "option" else parameter.metavar or parameter.name)


def _expected(parameter) -> str:  # type: ignore[no-untyped-def]
    choices = parameter.type_descriptor.choices
    if choices:
        return "|".join(str(getattr(choice, "value", choice)) for choice in choices)
    return str(parameter.metavar or getattr(parameter.type_descriptor.annotation, "__name__", "?"))
