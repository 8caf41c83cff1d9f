"""Two people at once: the second is told, and nobody's work is lost."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connections

from hengyuan.platform.publication import services
from hengyuan.platform.publication.models import ListState, PublicationList, PublishedUnit
from tests.platform.publication.county import NUMBER, TODAY, fresh

pytestmark = pytest.mark.django_db(transaction=True)


def together(*works: Callable[[], object]) -> list[str]:
    """Run them at the same moment; for each the name of what it raised, or "done"."""
    gate = threading.Barrier(len(works))
    results = [""] * len(works)

    def run(index: int) -> None:
        try:
            gate.wait(10)
            works[index]()
            results[index] = "done"
        except Exception as error:
            results[index] = type(error).__name__
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return sorted(results)


def publishing(serial: int) -> services.Publishing:
    return services.Publishing(NUMBER.format(serial), TODAY, TODAY + timedelta(days=7))


def test_an_edit_upon_an_old_version_names_who_was_first(county):
    row = county.draft().units.get(name="测试大矿")
    services.set_unit(county.head, row.pk, row.version, {"supervisor_name": "李示例"})
    with pytest.raises(services.Conflict, match="County Head") as told:
        services.set_unit(county.clerk, row.pk, row.version, {"supervisor_name": "王示例"})
    assert "测试大矿" in str(told.value)
    row.refresh_from_db()
    assert row.supervisor_name == "李示例"


def test_two_edits_of_one_unit_at_once(county):
    row = county.draft().units.get(name="测试大矿")
    results = together(
        *(
            lambda who=who, name=name: services.set_unit(
                who, row.pk, row.version, {"supervisor_name": name}
            )
            for who, name in ((county.clerk, "王示例"), (county.head, "李示例"))
        )
    )
    assert results == ["Conflict", "done"]
    assert PublishedUnit.objects.get(pk=row.pk).version == row.version + 1


def test_edits_of_different_units_do_not_disturb_each_other(county):
    first, second = county.draft().units.all()[:2]
    results = together(
        *(
            lambda row=row: services.set_unit(
                county.clerk, row.pk, row.version, {"supervisor_name": row.name}
            )
            for row in (first, second)
        )
    )
    assert results == ["done", "done"]
    for row in (first, second):
        row.refresh_from_db()
        assert row.supervisor_name == row.name


def test_setting_several_is_all_or_nothing(county):
    drafted = county.draft()
    versions = dict(drafted.units.values_list("pk", "version"))
    row = drafted.units.get(name="测试大矿")
    services.set_unit(county.head, row.pk, row.version, {"supervisor_name": "李示例"})
    with pytest.raises(services.Conflict):
        services.set_units(county.clerk, drafted.pk, versions, {"supervisor_name": "王示例"})
    assert set(drafted.units.values_list("supervisor_name", flat=True)) == {"", "李示例"}


def test_a_unit_that_was_left_out_meanwhile_is_told(county):
    drafted = county.draft()
    row = drafted.units.get(name="测试大矿")
    versions = dict(drafted.units.values_list("pk", "version"))
    services.leave_out(county.head, row.pk, row.version, "停产")
    with pytest.raises(services.Conflict):
        services.set_unit(county.clerk, row.pk, row.version, {"mode": "patrol"})
    with pytest.raises(services.Conflict):
        services.set_units(county.clerk, drafted.pk, versions, {"mode": "patrol"})
    with pytest.raises(services.Conflict):
        services.leave_out(county.clerk, row.pk, row.version, "停产")


def test_two_who_leave_out_the_same_unit(county):
    row = county.draft().units.get(name="测试大矿")
    results = together(
        *(lambda: services.leave_out(county.clerk, row.pk, row.version, "停产") for _ in "12")
    )
    assert results == ["Conflict", "done"]


def test_two_reasons_for_one_unit(county):
    drafted = county.draft()
    late = county.unit("测试后来厂")
    results = together(
        *(
            lambda reason=reason: services.give_reason(county.clerk, drafted.pk, late, reason)
            for reason in ("一", "二")
        )
    )
    assert results == ["Conflict", "done"]
    assert drafted.left_out.filter(unit=late).count() == 1


def test_two_who_draft_at_once_make_one_draft(county):
    results = together(county.draft, county.draft)
    assert results == ["AlreadyInPreparation", "done"]
    assert PublicationList.objects.count() == 1
    assert PublishedUnit.objects.count() == 3


def test_publishing_and_taking_back_at_once(county):
    found = county.submitted()
    results = together(
        lambda: services.publish(county.head, found.pk, found.version, publishing(1)),
        lambda: services.recall(county.clerk, found.pk, found.version, "等等"),
    )
    assert results == ["Conflict", "done"]
    after = fresh(found)
    assert (after.state == ListState.PUBLISHED) == after.attachments.exists()


def test_publishing_twice_at_once_publishes_once(county):
    found = county.submitted()
    results = together(
        *(
            lambda serial=serial: services.publish(
                county.head, found.pk, found.version, publishing(serial)
            )
            for serial in (1, 2)
        )
    )
    assert results == ["Conflict", "done"]
    assert fresh(found).attachments.count() == 2


def test_an_edit_does_not_slip_into_a_list_that_is_being_submitted(county):
    drafted = county.complete()
    row = drafted.units.first()
    results = together(
        lambda: services.submit(county.clerk, drafted.pk, drafted.version),
        lambda: services.set_unit(county.head, row.pk, row.version, {"supervisor_name": "李示例"}),
    )
    # either the edit came first and is in review, or it came too late and was told
    after = PublishedUnit.objects.get(pk=row.pk)
    assert fresh(drafted).state == ListState.IN_REVIEW
    if results == ["done", "done"]:
        assert after.supervisor_name == "李示例"
    else:
        assert results == ["WrongState", "done"]
        assert after.supervisor_name == "王示例"


def test_what_was_reviewed_is_what_is_published(county):
    seen = county.submitted()
    back = services.recall(county.clerk, seen.pk, seen.version, "改")
    row = back.units.first()
    services.set_unit(county.clerk, row.pk, row.version, {"supervisor_name": "李示例"})
    services.submit(county.clerk, back.pk, back.version)
    with pytest.raises(services.Conflict):
        services.publish(county.head, seen.pk, seen.version, publishing(1))


def test_two_answers_to_one_objection(county):
    found = county.published()
    filed = county.objection(found, "测试大矿")
    results = together(
        *(
            lambda who=who, upheld=upheld: services.answer_objection(
                who, filed.pk, filed.version, upheld=upheld, answer="已查"
            )
            for who, upheld in ((county.clerk, True), (county.head, False))
        )
    )
    assert results == ["Conflict", "done"]


def test_an_objection_does_not_slip_into_a_list_that_becomes_final(county):
    import time_machine

    found = county.published()
    late = f"{TODAY + timedelta(days=8)} 10:00+08:00"
    with time_machine.travel(late, tick=False):
        results = together(
            lambda: services.finalise(county.head, found.pk, found.version),
            lambda: services.file_objection(
                found.pk,
                services.Objecting("赵示例", "1300", "迟来的信"),
                "letter",
                received_on=TODAY,
            ),
        )
    after = fresh(found)
    open_objections = after.objections.filter(state="open").count()
    # one of the two came first, and the other knew of it
    assert (after.state, open_objections) in {(ListState.FINAL, 0), (ListState.PUBLISHED, 1)}
    assert results in (["ObjectionPeriodOver", "done"], ["NotYet", "done"])
