"""Entries of the pages of document templates. See tests/platform/every_page.py."""

from tests.platform.every_page import NEIGHBOUR, SUPERVISORS, Page, Scene, who

READERS = SUPERVISORS | NEIGHBOUR
WRITERS = {"province_head", "city_clerk", "county_head", "county_clerk", "neighbour_clerk"}


def _kind(scene: Scene) -> list[str]:
    from hengyuan.platform.documents.kinds import KINDS

    return [next(iter(KINDS))]


def _texts(scene: Scene) -> dict[str, object]:
    from hengyuan.platform.documents.kinds import KINDS

    return {**next(iter(KINDS.values())).default_texts(), "version": 0}


def _own_template(scene: Scene) -> None:
    """Two further versions of the county's own wording: one to be compared with the other."""
    from hengyuan.platform.documents import services
    from hengyuan.platform.documents.kinds import KINDS

    office = scene.cast.county_clerk.office
    kind = next(iter(KINDS.values()))
    version = scene.keep("template versions", lambda: iter(range(100)))
    title = scene.keep("template titles", lambda: iter(range(100)))
    for _ in range(2):
        texts = kind.default_texts() | {"title": f"第{next(title)}版"}
        services.save_texts(scene.cast.county_clerk, office, kind.name, texts, next(version))


PAGES = [
    Page(
        "documents:templates",
        who(open_to=READERS),
        max_queries=5,
        fixed="lists the kinds of document that there are",
    ),
    Page(
        "documents:template",
        who(open_to=READERS),
        args=_kind,
        max_queries=11,
        grow=_own_template,
    ),
    Page(
        "documents:save_texts",
        who(open_to=WRITERS, status=302),
        args=_kind,
        method="post",
        data=_texts,
    ),
    # without a file the form comes back
    Page("documents:save_word", who(open_to=WRITERS, status=422), args=_kind, method="post"),
    Page(
        "documents:reset",
        who(open_to=WRITERS, status=302),
        args=_kind,
        method="post",
    ),
    *(
        Page(
            f"documents:{route}",
            who(open_to=READERS),
            args=_kind,
            max_queries=5,
            fixed="an example with invented content",
        )
        for route in ("used_word", "default_word", "preview_pdf", "preview_word")
    ),
]
