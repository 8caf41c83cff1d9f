"""Who works at the gate, each with a PIN of their own; or one PIN for the gatekeeper's page."""

from __future__ import annotations

from hengyuan.terminal.screen.pin import MIN_LENGTH, pin_digest
from hengyuan.terminal.setup.context import Setup
from hengyuan.terminal.setup.dialogue import Option, ask_number
from hengyuan.terminal.words import installer_text as _

MOST_PEOPLE = 50
TRIES = 5


def people_part(setup: Setup) -> None:
    """People are kept, taken out or added; without any, one PIN opens the page."""
    dialogue = setup.dialogue
    dialogue.heading(_("People at the gate"))
    known: list[dict[str, str]] = setup.raw.get("people", [])
    for person in known:
        dialogue.say(f"  {person['name']}  {_role(person['role'])}")
    dialogue.say(
        _("An override needs two people, each with a PIN: a gatekeeper and a supervisor at least.")
    )
    count = ask_number(
        dialogue, "people.count", _("How many people (0: one PIN for the page)?"), len(known), 0,
        MOST_PEOPLE,
    )  # fmt: skip
    people = [_person(setup, number, known) for number in range(1, count + 1)]
    setup.raw.pop("people", None)
    if people:
        setup.raw["people"] = people
        return
    table = setup.raw.setdefault("screen", {})
    pin = _pin(setup, "screen.pin", _("PIN of the gatekeeper's page (empty: none or as it is)"))
    if pin:
        table["pin"] = pin
    if "pin" not in table:
        dialogue.warn(_("without a PIN the gatekeeper's page opens on this machine alone"))


def _person(setup: Setup, number: int, known: list[dict[str, str]]) -> dict[str, str]:
    dialogue = setup.dialogue
    before = known[number - 1] if number <= len(known) else {}
    key = f"people.{number}"
    name = dialogue.ask(
        f"{key}.name", _("Name of person {number}").format(number=number), before.get("name")
    ).strip()
    roles = [Option(role, _role(role)) for role in ("gatekeeper", "supervisor")]
    role = dialogue.choose(
        f"{key}.role", _("Role"), roles, before.get("role", roles[min(number - 1, 1)].value)
    )
    pin = _pin(setup, f"{key}.pin", _("PIN of {name} (empty: as it is)").format(name=name))
    while not pin and "pin" not in before:
        dialogue.warn(_("a PIN is needed"))
        pin = pin_digest(dialogue.ask(f"{key}.pin", _("PIN")))
    return {"name": name, "pin": pin or before["pin"], "role": role}


def _pin(setup: Setup, key: str, text: str) -> str:
    """The digest of a PIN, or nothing where none was given."""
    for _attempt in range(TRIES):
        given = setup.dialogue.secret(key, text)
        if not given:
            return ""
        if len(given) >= MIN_LENGTH:
            return pin_digest(given)
        setup.dialogue.warn(_("a PIN has at least {count} characters").format(count=MIN_LENGTH))
    return ""


def _role(role: str) -> str:
    return {"gatekeeper": _("gatekeeper"), "supervisor": _("supervisor")}.get(role, role)
