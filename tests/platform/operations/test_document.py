"""docs/deployment.md speaks of commands, figures and settings that there are."""

import re
from pathlib import Path

import pytest
import typer.main
from django.conf import settings as django_settings

from hengyuan.cli import platform as platform_commands
from hengyuan.platform import metrics
from hengyuan.platform import settings as settings_module
from hengyuan.platform.asgi import application  # registers every figure

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs" / "deployment.md").read_text()


def test_every_figure_that_it_names_is_counted_and_none_is_left_out():
    assert application
    named = set(re.findall(r"hengyuan_[a-z_]+", TEXT))
    families = {family.name: family.type for family in metrics.REGISTRY.collect()}
    counted = set()
    for name, kind in families.items():
        if name.startswith("hengyuan_"):
            counted.add(f"{name}_total" if kind == "counter" else name)
    suffixed = {name for name in named if name.removesuffix("_bucket") in counted}
    assert named - counted - suffixed == set()
    assert counted - named == set()


def test_every_command_that_it_shows_exists():
    group = typer.main.get_command(platform_commands.app)
    shown = set(re.findall(r"hengyuan platform ([a-z-]+)(?: ([a-z]+))?", TEXT))
    assert shown
    for first, second in shown:
        command = group.commands.get(first)  # type: ignore[attr-defined]
        assert command is not None, first
        if second and hasattr(command, "commands"):
            assert second in command.commands, (first, second)


def test_every_option_that_it_shows_exists():
    group = typer.main.get_command(platform_commands.app)
    for name in ("backup", "restore", "verify-backup"):
        options = {o for p in group.commands[name].params for o in p.opts}  # type: ignore[attr-defined]
        for line in re.findall(rf"hengyuan platform {name} ((?:[^\n`]|\\\n)*)", TEXT):
            assert set(re.findall(r"--[a-z-]+", line)) <= options, line


@pytest.mark.parametrize("name", sorted(set(re.findall(r"HENGYUAN_[A-Z_]+", TEXT))))
def test_every_setting_that_it_names_is_read(name):
    assert name in (settings_module.__doc__ or "")
    assert django_settings.configured
