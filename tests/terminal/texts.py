"""All texts of the terminal that are to be translated, read from its sources."""

import ast
from pathlib import Path

import hengyuan.terminal
from hengyuan.terminal.screen.pages import templates

ROOT = Path(hengyuan.terminal.__file__).parent
_CALLS = {"_", "gettext", "ngettext"}


def texts_of_code() -> set[str]:
    found = set()
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            function = node.func
            name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
            first = node.args[0]
            if name in _CALLS and isinstance(first, ast.Constant) and isinstance(first.value, str):
                found.add(first.value)
    return found


def texts_of_templates() -> set[str]:
    environment = templates()
    return {
        text
        for path in (ROOT / "screen" / "templates").rglob("*.html")
        for _, _, text in environment.extract_translations(path.read_text("utf-8"))
        if isinstance(text, str)
    }
