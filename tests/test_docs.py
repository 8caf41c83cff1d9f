"""What the documents say of the project is true of it."""

import json
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent


def words_in_tables(path: Path) -> set[str]:
    """The names in the first column of every table of a document."""
    names: set[str] = set()
    for line in path.read_text().splitlines():
        if line.startswith("|") and not line.startswith("|--"):
            names |= {name.strip() for name in line.split("|")[1].split(",")}
    return names


def requirement_name(text: str) -> str:
    return re.split(r"[\[<>=~! ;]", text, maxsplit=1)[0].lower()


def declared() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    texts = list(project["project"]["dependencies"])
    for extra in project["project"]["optional-dependencies"].values():
        texts += extra
    for group in project["dependency-groups"].values():
        texts += group
    package = json.loads((ROOT / "package.json").read_text())
    names = {requirement_name(text) for text in texts} - {"hengyuan"}
    return names | set(package.get("dependencies", {})) | set(package.get("devDependencies", {}))


def test_every_dependency_has_its_reason() -> None:
    listed = words_in_tables(ROOT / "docs" / "dependencies.md")
    assert declared() - listed == set()


def test_no_reason_is_left_for_a_dependency_that_is_gone() -> None:
    listed = words_in_tables(ROOT / "docs" / "dependencies.md") - {"package", "---"}
    assert listed - declared() == set()


def test_every_decision_is_in_the_list() -> None:
    folder = ROOT / "docs" / "adr"
    index = (folder / "README.md").read_text()
    pages = sorted(page.name for page in folder.glob("[0-9]*.md"))
    assert pages
    assert [name for name in pages if name not in index] == []


def test_every_link_in_the_documents_leads_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text())
        if "://" not in target and "\\" not in target and not (page.parent / target).exists()
    ]
    assert broken == []
