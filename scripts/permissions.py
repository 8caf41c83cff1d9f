"""`python -m scripts.permissions`: docs/permissions.md, written from the table in the code.

`--check` writes nothing and fails where the page says something else than the code.
"""

import argparse
import os
import sys
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent / "docs" / "permissions.md"

_HEAD = """\
# Who may do what

Written by `python -m scripts.permissions` from `accounts/permissions.py` and
`accounts/hierarchy.py`; a test holds the two together. The platform shows the same table under
`/permissions/`.

Two things decide. The **scope** decides what a person sees at all: an office sees the regions whose
codes begin with its own, a source unit itself alone, and what lies outside answers 404. The
**table** decides what may be done with what is seen; what it does not allow answers 403 and is
written into the access log. An action that is not in the table is allowed to nobody.

Of people everybody in scope sees names, roles and duty telephones; their particulars, what they
wrote and when they logged in are read by heads: of an overload-control office for its whole region,
of a department or source unit for their own people. Everybody reads what they wrote themselves.

## The table

Roles: {legend}.

"""

_LETTERS = {"head": "H", "clerk": "C", "inspector": "I", "readonly": "R"} | {
    "manager": "M",
    "gatekeeper": "G",
}

_AFTER = """
## Which office looks after which

An office creates, changes and closes the offices that it looks after, and its head invites their
people, changes their roles, lets them go, lifts locks and issues links for new passwords: for
offices of the next lower level, and for those of its own region.

"""

_RULES = """
Nobody changes their own role or closes their own account. An office always keeps one person who
leads it. An account stays with its office: who moves to another one gets an account there.
"""


def page() -> str:
    """The whole document."""
    _set_up()
    from django.utils.translation import override

    with override("en"):
        return _page()


def _page() -> str:
    from hengyuan.platform.accounts.hierarchy import LOOKED_AFTER
    from hengyuan.platform.accounts.models import OfficeKind, Role, roles_of
    from hengyuan.platform.accounts.permissions import ACTIONS

    legend = ", ".join(f"{_LETTERS[role.value]} {str(role.label).lower()}" for role in Role)
    lines = [_HEAD.format(legend=legend)]
    lines.append(_row("action", "", *(str(kind.label) for kind in OfficeKind)))
    lines.append(_row(*["---"] * (2 + len(OfficeKind))))
    for action in ACTIONS.values():
        cells = []
        for kind in OfficeKind:
            granted = action.grants.get(kind, frozenset())
            letters = [_LETTERS[role.value] for role in Role if role in granted & roles_of(kind)]
            cells.append(" ".join(letters) or "–")
        lines.append(_row(f"`{action.name}`", str(action.label), *cells))
    lines.append(_AFTER)
    lines.append(_row("office", "looks after"))
    lines.append(_row("---", "---"))
    for kind, others in LOOKED_AFTER.items():
        named = ", ".join(str(other.label).lower() for other in OfficeKind if other in others)
        lines.append(_row(str(kind.label), named))
    lines.append(_RULES)
    return "".join(lines)


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |\n"


def _set_up() -> None:
    """The table needs Django's settings, and nothing of the database."""
    from django.apps import apps

    if not apps.ready:
        import django

        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hengyuan.platform.settings")
        django.setup()


def main() -> int:
    parser = argparse.ArgumentParser(description="the table of permissions as a document")
    parser.add_argument("--check", action="store_true", help="write nothing")
    asked = parser.parse_args()
    wanted = page()
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == wanted:
        return 0
    if asked.check:
        sys.stdout.write(f"{PAGE} does not say what the code does; run this without --check\n")
        return 1
    PAGE.write_text(wanted, encoding="utf-8")
    sys.stdout.write(f"wrote {PAGE}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
