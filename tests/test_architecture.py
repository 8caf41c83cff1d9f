"""The rooms of docs/adr/0001-rooms.md: which way imports go, and that no room overflows."""

import subprocess
import sys
from pathlib import Path

import grimp
import pytest

SOURCE = Path(__file__).parent.parent / "src" / "hengyuan"
MAX_LINES = 500

# What an app may reach in another. Pages, forms, tables and routes are an app's own affair.
PUBLIC = {"services", "queries", "models", "managers", "words"}
# Doors that every app goes through, and the rooms that share one table (ADR 0001).
SHARED = {
    "hengyuan.platform.accounts.scope",
    "hengyuan.platform.accounts.permissions",
    "hengyuan.platform.accounts.access",
    "hengyuan.platform.accounts.handover",
    "hengyuan.platform.weighing.archived",
    "hengyuan.platform.weighing.columns",
    "hengyuan.platform.weighing.copying",
    "hengyuan.platform.weighing.partitions",
    "hengyuan.platform.weighing.rule_pack_numbers",
    "hengyuan.platform.weighing.evidence",
}
# Not apps: the frame around them, which puts their pages and routes together.
FRAME = {
    "hengyuan.platform.urls",
    "hengyuan.platform.asgi",
    "hengyuan.platform.settings",
    "hengyuan.platform.navigation",
}


def test_arrows_between_the_rooms_go_one_way() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"],
        cwd=SOURCE.parent.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("hengyuan", cache_dir=None)


def app_of(module: str) -> str | None:
    """The platform app that a module belongs to."""
    parts = module.split(".")
    if len(parts) < 4 or parts[:2] != ["hengyuan", "platform"]:
        return None
    return parts[2] if (SOURCE / "platform" / parts[2] / "apps.py").exists() else None


def test_an_app_reaches_another_only_through_its_public_modules(graph: grimp.ImportGraph) -> None:
    wrong = []
    for importer in sorted(graph.modules):
        if importer in FRAME or app_of(importer) is None:
            continue
        for imported in sorted(graph.find_modules_directly_imported_by(importer)):
            other = app_of(imported)
            if other is None or other == app_of(importer) or imported in SHARED:
                continue
            if imported.split(".")[3] not in PUBLIC:
                wrong.append(f"{importer} -> {imported}")
    assert not wrong, "\n".join(wrong)


def test_nothing_but_demo_uses_the_simulated_world(graph: grimp.ImportGraph) -> None:
    users = {
        importer
        for module in graph.modules
        if module.startswith("hengyuan.world")
        for importer in graph.find_modules_that_directly_import(module)
        if not importer.startswith("hengyuan.world")
    }
    outside = {
        name
        for name in users
        if not name.removeprefix("hengyuan.cli.").lstrip("_").startswith(("world", "demo"))
    }
    assert outside == set()


def test_no_module_has_outgrown_its_room() -> None:
    long = {
        str(path.relative_to(SOURCE)): count
        for path in SOURCE.rglob("*.py")
        if (count := len(path.read_text().splitlines())) > MAX_LINES
        # a table of the divisions, and what Django writes: no logic to lose one's way in
        and path.name != "townships.py"
        and path.parent.name != "migrations"
    }
    assert not long


def test_there_is_no_room_for_everything() -> None:
    forbidden = {"utils", "helpers", "common", "misc"}
    found = [path for path in SOURCE.rglob("*") if path.stem in forbidden]
    assert not found
