"""`python -m scripts.messages`: every string shown on screen has its Chinese.

Collects the msgids of code and templates into the .po file of their app (new ones with an empty
msgstr, those no longer used leave), and lists what is not translated: exit code 1 if anything is.
`--check` writes nothing. Works without the system's gettext: templates are turned into Python by
Django's own templatize, and Python is read by its own parser.
"""

import argparse
import ast
import re
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polib
from django.utils.translation.template import templatize

SOURCE = Path(__file__).resolve().parent.parent / "src" / "hengyuan"
PLATFORM = SOURCE / "platform"
LANGUAGE = "zh_Hans"

# the function's name → which arguments are context, singular and plural
_CALLS: dict[str, tuple[int | None, int, int | None]] = {
    "_": (None, 0, None),
    "gettext": (None, 0, None),
    "gettext_lazy": (None, 0, None),
    "gettext_noop": (None, 0, None),
    "ngettext": (None, 0, 1),
    "ngettext_lazy": (None, 0, 1),
    "pgettext": (0, 1, None),
    "pgettext_lazy": (0, 1, None),
    "npgettext": (0, 1, 2),
    "npgettext_lazy": (0, 1, 2),
}
_HEADER = {
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
    "Language": LANGUAGE,
    "Plural-Forms": "nplurals=1; plural=0;",
}


@dataclass
class Message:
    """One msgid and where it is used."""

    msgid: str
    plural: str | None = None
    context: str | None = None
    places: list[tuple[str, str]] = field(default_factory=list)

    @property
    def key(self) -> tuple[str | None, str]:
        return self.context, self.msgid


def collect() -> dict[Path, dict[tuple[str | None, str], Message]]:
    """The messages of the platform by the catalogue that they belong to."""
    found: dict[Path, dict[tuple[str | None, str], Message]] = {}
    for path in sorted([*PLATFORM.rglob("*.py"), *PLATFORM.rglob("templates/**/*.*")]):
        if "migrations" in path.parts or "vendor" in path.parts:
            continue
        catalogue = found.setdefault(_catalogue_of(path), {})
        for message in _messages_of(path):
            catalogue.setdefault(message.key, message).places.extend(message.places)
    return found


def untranslated() -> list[str]:
    """One line for every message without Chinese: where it stands and what it says.

    Django puts the catalogues of all apps together, so a translation in any of them counts.
    """
    collected = collect()
    translated = {key for catalogue in collected for key in _translated(catalogue)}
    return [
        f"{message.places[0][0]}:{message.places[0][1]}: {message.msgid!r}"
        for messages in collected.values()
        for key, message in messages.items()
        if key not in translated
    ]


def update(apps: Collection[str] = ()) -> None:
    """Bring the catalogues of `apps` (of all, where none is named) up to what they use.

    Translations are kept; what another app has translated already is taken over from it.
    """
    collected = collect()
    elsewhere = {
        (entry.msgctxt, entry.msgid): entry
        for path in collected
        for entry in _read(path)
        if entry.translated()
    }
    for path, messages in collected.items():
        if apps and path.parents[3].name not in apps:
            continue
        own = {(entry.msgctxt, entry.msgid): entry for entry in _read(path) if entry.translated()}
        kept = elsewhere | own
        if not messages and not path.exists():
            continue
        fresh = polib.POFile(wrapwidth=98)
        fresh.metadata = dict(_HEADER)
        for key in sorted(messages, key=lambda key: (messages[key].places[0], key[1])):
            fresh.append(_entry(messages[key], kept.get(key)))
        path.parent.mkdir(parents=True, exist_ok=True)
        text = str(fresh) + "\n"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def _entry(message: Message, known: polib.POEntry | None) -> polib.POEntry:
    entry = polib.POEntry(
        msgid=message.msgid,
        msgctxt=message.context,
        # the file alone: line numbers would change with every edit
        occurrences=[(place, "") for place in sorted({place for place, _ in message.places})],
    )
    if "%(" in message.msgid or re.search(r"%[sd]", message.msgid):
        entry.flags = ["python-format"]
    if message.plural is None:
        entry.msgstr = known.msgstr if known else ""
        return entry
    entry.msgid_plural = message.plural
    old = known.msgstr_plural if known else {}
    entry.msgstr_plural = {0: old.get(0, "")}
    return entry


def _messages_of(path: Path) -> Iterator[Message]:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        yield from _in_python(ast.parse(text), path)
    elif "{%" in text or "{{" in text:
        yield from _in_template(templatize(text, origin=str(path)), path)


def _in_python(tree: ast.AST, path: Path) -> Iterator[Message]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in _CALLS:
                yield from _message(name, node, path, node.lineno)


def _in_template(code: str, path: Path) -> Iterator[Message]:
    # templatize leaves calls among filler that is no Python: each call is read by itself
    for start in re.finditer(r"\b(_|n?p?gettext)\(", code):
        end = _closing(code, start.end())
        try:
            call = ast.parse(code[start.start() : end], mode="eval").body
        except SyntaxError:
            continue
        if isinstance(call, ast.Call):
            line = code.count("\n", 0, start.start()) + 1
            yield from _message(start.group(1), call, path, line)


def _closing(code: str, position: int) -> int:
    depth, quote = 1, ""
    while depth and position < len(code):
        character = code[position]
        if quote:
            if character == "\\":
                position += 1
            elif character == quote:
                quote = ""
        elif character in "'\"":
            quote = character
        elif character in "()":
            depth += 1 if character == "(" else -1
        position += 1
    return position


def _message(name: str, call: ast.Call, path: Path, line: int) -> Iterator[Message]:
    def text(index: int | None) -> str | None:
        if index is None or index >= len(call.args):
            return None
        node = call.args[index]
        return (
            node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
        )

    context, singular, plural = (text(index) for index in _CALLS[name])
    if singular:
        place = (path.relative_to(SOURCE.parent.parent).as_posix(), str(line))
        yield Message(singular, plural, context, [place])


def _catalogue_of(path: Path) -> Path:
    """An app's strings are in the app's catalogue, those beside the apps in the platform's."""
    first = path.relative_to(PLATFORM).parts[0]
    home = PLATFORM / first if (PLATFORM / first / "apps.py").exists() else PLATFORM
    return home / "locale" / LANGUAGE / "LC_MESSAGES" / "django.po"


def _read(path: Path) -> list[polib.POEntry]:
    return list(polib.pofile(str(path), encoding="utf-8")) if path.exists() else []


def _translated(path: Path) -> set[tuple[str | None, str]]:
    return {
        (entry.msgctxt, entry.msgid)
        for entry in _read(path)
        if not entry.fuzzy and (entry.msgstr or all(entry.msgstr_plural.values() or [""]))
    }


def main() -> int:
    parser = argparse.ArgumentParser(description="strings on screen and their Chinese")
    parser.add_argument("app", nargs="*", help="write the catalogues of these alone")
    parser.add_argument("--check", action="store_true", help="write nothing")
    asked = parser.parse_args()
    if not asked.check:
        update(asked.app)
    missing = untranslated()
    for line in missing:
        sys.stdout.write(f"{line}\n")
    sys.stdout.write(f"{len(missing)} without Chinese\n")
    return 1 if missing else 0


if __name__ == "__main__":
    raise SystemExit(main())
