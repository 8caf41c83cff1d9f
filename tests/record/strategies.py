"""Records as hypothesis draws them: every field that may be there, within its bounds."""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from hengyuan.record.model import (
    COMBINATIONS,
    FILE_KINDS,
    FLAGS,
    MAX_MASS_KG,
    MAX_SEQ,
    MAX_TIME_MS,
    MIN_TIME_MS,
    PLATE_COLOURS,
    FileRef,
    Record,
)

# Two loaded cores are no reason to fail: examples are bounded by number, not by time.
thorough = settings(deadline=None, max_examples=300)

masses = st.integers(0, MAX_MASS_KG)
# every character but the controls, which no text of a record may hold, and lone surrogates
characters = st.characters(exclude_categories=["Cc", "Cs"])
lengths = st.integers(1, 100_000)


def texts(longest: int) -> st.SearchStrategy[str]:
    return st.text(characters, min_size=1, max_size=longest)


_FREE: dict[str, st.SearchStrategy[Any]] = {
    "air_suspension": st.booleans(),
    "assumed": st.booleans(),
    "cargo": st.from_regex("[0-9]{4}", fullmatch=True, alphabet="0123456789"),
    "carrier": texts(64),
    "combination": st.sampled_from(COMBINATIONS),
    "destination": texts(64),
    "dual_tyres": st.booleans(),
    "height_mm": lengths,
    "length_mm": lengths,
    "licensed_total_kg": masses,
    "limit_kg": masses,
    "missing_tyres": st.integers(1, 24).map(lambda pairs: 2 * pairs),
    "note_no": texts(64),
    "operator": texts(64),
    "plate": texts(16),
    "plate_colour": st.sampled_from(PLATE_COLOURS),
    "raw_kg": st.integers(-MAX_MASS_KG, MAX_MASS_KG),
    "tare_kg": masses,
    "trailer_plate": texts(16),
    "width_mm": lengths,
}


@st.composite
def records(draw: st.DrawFn, *, seq: int | None = None, terminal: str | None = None) -> Record:
    """A record that holds; only its line may be longer than the limit."""
    kind = draw(st.sampled_from(["entry", "exit", "reweigh", "void"]))
    fields = draw(st.fixed_dictionaries({}, optional=_FREE))
    number = seq or draw(st.integers(1, MAX_SEQ))
    if kind in ("reweigh", "void") and number == 1:
        kind = "exit"
    if kind in ("reweigh", "void") or (number > 1 and draw(st.booleans())):
        fields["corrects"] = draw(st.integers(1, number - 1))
    fields["flags"] = tuple(sorted(draw(st.sets(st.sampled_from(FLAGS), max_size=4))))
    if kind == "void" or "override" in fields["flags"] or draw(st.booleans()):
        fields["reason"] = draw(texts(200))
    if "override" in fields["flags"] or draw(st.booleans()):
        fields["witness"] = draw(texts(64))
    _add_weights(draw, fields, kind)
    _add_axles(draw, fields)
    files = draw(
        st.sets(
            st.tuples(st.sampled_from(FILE_KINDS), st.binary(min_size=32, max_size=32)), max_size=4
        )
    )
    fields["files"] = tuple(
        FileRef(digest=digest.hex(), kind=name)  # type: ignore[arg-type]
        for name, digest in sorted(files)
    )
    return Record(
        kind=kind,
        lane=draw(st.integers(1, 99)),
        seq=number,
        terminal=terminal or draw(st.from_regex("[0-9A-Za-z-]{1,32}", fullmatch=True)),
        v=1,
        weighed_at=draw(st.integers(MIN_TIME_MS, MAX_TIME_MS)),
        **fields,
    )


def _add_weights(draw: st.DrawFn, fields: dict[str, Any], kind: str) -> None:
    verdicts = ["unknown"]
    if "skipped_scale" not in fields["flags"] and (kind != "void" or draw(st.booleans())):
        fields["gross_kg"] = draw(masses)
        verdicts += ["over", "pass"]
        if "tare_kg" in fields and draw(st.booleans()):
            fields["net_kg"] = fields["gross_kg"] - fields["tare_kg"]
    if kind in ("exit", "reweigh") or draw(st.booleans()):
        fields["verdict"] = draw(st.sampled_from(verdicts))
        if fields["verdict"] != "unknown":
            fields.setdefault("limit_kg", draw(masses))
            fields["rule_pack"] = draw(texts(32))


def _add_axles(draw: st.DrawFn, fields: dict[str, Any]) -> None:
    groups = draw(st.lists(st.integers(1, 4), min_size=2, max_size=4))
    if draw(st.booleans()):
        fields["axles"] = sum(groups)
        if draw(st.booleans()):
            fields["drive_axles"] = draw(st.integers(1, min(4, sum(groups))))
    if draw(st.booleans()):
        fields["layout"] = "+".join(map(str, groups))
    if draw(st.booleans()):
        fields["axle_kg"] = tuple(draw(masses) for _ in range(sum(groups)))
        fields["group_kg"] = tuple(draw(masses) for _ in groups)
