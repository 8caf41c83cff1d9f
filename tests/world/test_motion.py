"""The deck: empty, rolling on, swinging, standing, rolling off."""

import pytest

from hengyuan.world.motion import FAST, REALISTIC, Deck, Pace

AXLES = (6_400, 8_500, 8_300, 8_200, 7_907)
GROSS = sum(AXLES)


@pytest.fixture(params=[FAST, REALISTIC], ids=["fast", "realistic"])
def deck(request: pytest.FixtureRequest) -> Deck:
    return Deck(request.param, 20, seed=1)


def shown(deck: Deck, start: float, end: float) -> list[int]:
    steps = 400
    return [deck.indicated_kg(start + (end - start) * step / steps) for step in range(steps)]


def test_an_empty_deck_trembles_round_nought(deck: Deck) -> None:
    values = set(shown(deck, 0, 100))
    assert 0 in values
    assert len(values) > 1
    assert max(abs(value) for value in values) <= 40


def test_a_truck_comes_on_axle_by_axle_swings_and_stands(deck: Deck) -> None:
    pace = deck.pace
    deck.drive_on(AXLES, at=10.0)
    rolled = 10.0 + pace.roll_on_s
    coming = shown(deck, 10.0, rolled)
    assert coming[0] < 100
    for count in range(1, len(AXLES)):
        carried = sum(AXLES[:count])
        assert any(abs(value - carried) <= carried * 0.01 for value in coming)
    # no plateau that could be taken for a weight
    assert all(max(coming[i : i + 20]) - min(coming[i : i + 20]) > 60 for i in range(80, 380, 20))
    swinging = shown(deck, rolled, deck.settled_at)
    assert max(swinging) > GROSS + 100
    assert min(swinging) < GROSS - 100
    late = shown(deck, rolled + pace.settle_s * 0.9, deck.settled_at)
    assert max(late) - min(late) < max(swinging) - min(swinging)
    assert set(shown(deck, deck.settled_at, deck.settled_at + 50)) == {39_300}


def test_motion_is_reported_until_the_weight_stands_and_while_it_leaves(deck: Deck) -> None:
    assert not deck.moving(5.0)
    deck.drive_on(AXLES, at=10.0)
    assert deck.moving(10.0)
    assert deck.moving(deck.settled_at - 0.001)
    assert not deck.moving(deck.settled_at)
    deck.drive_off(at=60.0)
    assert deck.moving(60.0)
    assert not deck.moving(60.0 + deck.pace.roll_off_s)


def test_after_leaving_the_deck_is_empty_for_the_next(deck: Deck) -> None:
    deck.drive_on(AXLES, at=10.0)
    with pytest.raises(ValueError, match="two trucks"):
        deck.drive_on(AXLES, at=11.0)
    deck.drive_off(at=60.0)
    assert not deck.occupied
    leaving = shown(deck, 60.0, 60.0 + deck.pace.roll_off_s)
    assert leaving[0] > GROSS * 0.98
    assert leaving[-1] < GROSS / 2
    empty = deck.empty_at
    assert empty is not None
    assert max(abs(value) for value in shown(deck, empty, empty + 10)) <= 40
    with pytest.raises(ValueError, match="no truck"):
        deck.drive_off(at=70.0)
    deck.drive_on(AXLES, at=80.0)
    assert deck.occupied


def test_a_slower_pace_keeps_the_scales_frames() -> None:
    slow = FAST.slower_by(2)
    assert slow.frame_hz == FAST.frame_hz
    assert slow.roll_on_s == FAST.roll_on_s * 2
    assert Pace().slower_by(1) == REALISTIC
