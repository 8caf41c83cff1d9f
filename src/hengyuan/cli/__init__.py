"""The `hengyuan` command. Each module here is one sub-command; ``a_b`` is a part of ``a``.

A sub-command is imported only when it is asked for, so that one whose extra is not installed, or
that is broken, leaves the others alone.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

_EXTRAS = {"terminal": "terminal", "platform": "platform", "demo": "demo", "world": "demo"}


class _Lazy(TyperGroup):
    """Finds sub-commands by module name and imports the one that is wanted."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        return sorted(
            module.name for module in pkgutil.iter_modules(__path__) if "_" not in module.name
        )

    def get_command(self, ctx: typer.Context, cmd_name: str) -> Any:  # type: ignore[override]
        if cmd_name not in self.list_commands(ctx):
            return None
        try:
            module = importlib.import_module(f"{__name__}.{cmd_name}")
            command = get_command(module.app)
        except Exception as problem:
            return _unavailable(cmd_name, problem)
        command.name = cmd_name
        return command


def _unavailable(name: str, problem: Exception) -> Any:
    """A stand-in that names what is missing; a fault of our own is raised when it is run."""
    app = typer.Typer(add_completion=False)
    extra = _EXTRAS.get(name)
    missing = (
        extra is not None
        and isinstance(problem, ModuleNotFoundError)
        and not (problem.name or "").startswith("hengyuan")
    )
    hint = f"需先安装:pip install 'hengyuan[{extra}]'" if missing else "无法载入"

    @app.command(
        name,
        help=f"({hint})",
        context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
        add_help_option=False,
    )
    def tell() -> None:
        if not missing:
            raise problem
        typer.echo(f"hengyuan {name}: {hint} ({problem})", err=True)
        raise typer.Exit(2)

    return get_command(app)


app = typer.Typer(
    cls=_Lazy,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    rich_markup_mode=None,  # Rich cuts Chinese help short instead of wrapping it
    help="衡源:道路货物运输源头科技治超。",
)


@app.callback()
def _root() -> None:
    """衡源:道路货物运输源头科技治超。"""


def main() -> None:
    """Entry point of the `hengyuan` script."""
    app(prog_name="hengyuan")
