"""Entries of the pages of records. See tests/platform/every_page.py."""

from tests.platform.every_page import ELSEWHERE, EVERYBODY, OFFICES, OUTSIDER, OWN_UNIT, Page, who

READERS = OFFICES | OWN_UNIT


def _note_exports(scene) -> None:
    from hengyuan.platform.weighing.models import Export
    from hengyuan.platform.weighing.services import note_export

    for _ in range(4):
        note_export(
            scene.cast.county_clerk, Export.What.RECORDS, wanted={}, description="全部", records=3
        )


def _more_of_one_plate(scene) -> None:
    from tests.platform.rows import store

    terminal = scene.records
    store(scene._signer[0], terminal, scene.cast.unit, [{"plate": "晋L00001"}] * 3)


PAGES = [
    Page(
        "weighing:records",
        who(open_to=EVERYBODY - OUTSIDER),
        # with rows from the first visit on, which fills what a process keeps about records
        args=lambda scene: scene.records and (),
        max_queries=15,
        grow=lambda scene: scene.more_records(5),
    ),
    Page(
        "weighing:record",
        who(open_to=READERS, hidden_from=ELSEWHERE),
        args=lambda scene: [scene.records.code, 2],
        max_queries=10,
        grow=lambda scene: scene.more_records(5),
    ),
    Page(
        "weighing:evidence",
        who(open_to=READERS, hidden_from=ELSEWHERE),
        args=lambda scene: [scene.records.code, 3, scene.picture.digest],
        max_queries=5,
        grow=lambda scene: scene.more_records(5),
    ),
    Page(
        "weighing:plate",
        # whose records one may not see has, for them, none
        who(open_to=EVERYBODY - OUTSIDER),
        args=lambda scene: scene.records and ["晋L00001"],
        max_queries=12,
        grow=_more_of_one_plate,
    ),
    Page(
        "weighing:table",
        who(open_to=EVERYBODY - OUTSIDER),
        method="post",
    ),
    Page(
        "weighing:excel",
        who(open_to=EVERYBODY - OUTSIDER),
        method="post",
    ),
    Page(
        "weighing:exports",
        who(open_to=EVERYBODY - OUTSIDER),
        max_queries=6,
        grow=_note_exports,
    ),
    Page(
        "weighing:chain",
        who(open_to=EVERYBODY - OUTSIDER),
        max_queries=4,
        grow=lambda scene: scene.more_terminals(4),
    ),
    Page(
        "weighing:chain_file",
        # a form that names another's terminal is refused like one that names none
        who(open_to=READERS) | dict.fromkeys(ELSEWHERE, 422),
        args=lambda scene: scene.records and (),
        method="post",
        data=lambda scene: {"terminal": scene.records.code, "first": "1", "last": "2"},
    ),
]
