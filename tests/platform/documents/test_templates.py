"""An office's own wording and Word template: kept, inherited, given up, guarded."""

import threading

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from docx import Document

from hengyuan.platform.documents import queries, services
from hengyuan.platform.documents.default_word import default_template
from hengyuan.platform.documents.kinds import KINDS
from hengyuan.platform.documents.models import Form, IssuedDocument, OfficeTemplate
from hengyuan.platform.regions.models import Region
from tests.platform.documents.files import all_text, word_of

pytestmark = pytest.mark.django_db

KIND = KINDS["publication"]
PAGE = "/documents/publication/"


def own_texts(**changed: str) -> dict[str, str]:
    return KIND.default_texts() | changed


@pytest.fixture
def county(cast):
    return cast.county_head.office


@pytest.fixture
def city(cast):
    return cast.city_clerk.office


def content() -> dict:
    return KIND.example()


def test_without_an_own_one_the_programs_template_is_used(county):
    used = queries.template_for(county.region, "publication")
    assert used.texts == KIND.default_texts()
    assert used.word == default_template("publication")
    assert (used.wording_of, used.word_of, used.origin) == (None, None, "")


def test_the_citys_template_serves_its_counties_until_one_has_its_own(cast, county, city):
    services.save_texts(cast.city_clerk, city, "publication", own_texts(title="市定标题"), 0)
    used = queries.template_for(county.region, "publication")
    assert (used.texts["title"], used.wording_of) == ("市定标题", city)
    services.save_texts(cast.county_head, county, "publication", own_texts(title="县定标题"), 0)
    used = queries.template_for(county.region, "publication")
    assert (used.texts["title"], used.wording_of) == ("县定标题", county)
    neighbour = Region.objects.get(pk="141023")
    assert queries.template_for(neighbour, "publication").texts["title"] == "市定标题"


def test_wording_and_word_template_are_inherited_each_for_itself(cast, county, city):
    own = word_of("市模板 {{ title }}")
    services.save_word(cast.city_clerk, city, "publication", "市.docx", own, 0)
    services.save_texts(cast.county_head, county, "publication", own_texts(title="县定标题"), 0)
    used = queries.template_for(county.region, "publication")
    assert (used.texts["title"], used.word) == ("县定标题", own)
    assert (used.wording_of, used.word_of) == (county, city)


def test_the_template_of_an_office_that_is_closed_is_not_used(cast, county, city):
    services.save_texts(cast.city_clerk, city, "publication", own_texts(title="市定标题"), 0)
    city.is_active = False
    city.save()
    assert queries.template_for(county.region, "publication").wording_of is None


def test_wrong_wording_is_told_block_by_block_and_nothing_is_kept(cast, county):
    with pytest.raises(ValidationError) as refused:
        services.save_texts(
            cast.county_head,
            county,
            "publication",
            own_texts(title="{{ contry }}", closing="", opening="x" * 4001),
            0,
        )
    assert set(refused.value.message_dict) == {"title", "closing", "opening"}
    assert "contry" in refused.value.message_dict["title"][0]
    assert not OfficeTemplate.objects.exists()


def test_who_saves_upon_an_old_version_loses_nothing_of_the_other(cast, county):
    services.save_texts(cast.county_head, county, "publication", own_texts(title="一"), 0)
    services.save_texts(cast.county_clerk, county, "publication", own_texts(title="二"), 1)
    with pytest.raises(services.Conflict):
        services.save_texts(cast.county_head, county, "publication", own_texts(title="三"), 1)
    assert OfficeTemplate.objects.get().texts["title"] == "二"


def test_the_programs_own_words_are_not_kept_as_the_offices(cast, county):
    services.save_texts(cast.county_head, county, "publication", KIND.default_texts(), 0)
    assert queries.template_for(county.region, "publication").wording_of is None


def test_every_change_names_who_and_why(cast, county):
    services.save_texts(cast.county_head, county, "publication", own_texts(title="一"), 0)
    services.save_word(
        cast.county_clerk, county, "publication", "县.docx", word_of("{{ title }}"), 1
    )
    made = OfficeTemplate.objects.get()
    assert [entry.history_user for entry in made.history.all()] == [
        cast.county_clerk,
        cast.county_head,
    ]
    assert all(entry.history_change_reason for entry in made.history.all())


def test_issuing_keeps_word_and_pdf_with_digests_and_the_template_they_were_made_with(cast, county):
    services.save_texts(cast.county_head, county, "publication", own_texts(title="县定标题"), 0)
    heading = services.Heading("示政公告〔2026〕1号", services_day(), "示例县治超办")
    issued = services.issue(cast.county_head, "publication", county.region, content(), heading)
    assert {document.form for document in issued} == {Form.PDF, Form.WORD}
    for document in IssuedDocument.objects.all():
        assert len(queries.stored_bytes(document)) == document.size_bytes
        assert document.template == "测试县治超办 v1"
        assert document.file_name == f"县定标题 示政公告〔2026〕1号.{document.form}"
    word = IssuedDocument.objects.get(form=Form.WORD)
    assert "示例一号煤矿有限公司" in all_text(queries.stored_bytes(word))


def test_a_document_that_was_changed_in_storage_is_not_handed_out(cast, county):
    heading = services.Heading("示政公告〔2026〕1号", services_day(), "示例县治超办")
    services.issue(cast.county_head, "publication", county.region, content(), heading)
    IssuedDocument.objects.filter(form=Form.PDF).update(content=b"%PDF-forged")
    with pytest.raises(queries.TamperedDocument):
        queries.stored_bytes(IssuedDocument.objects.get(form=Form.PDF))


def test_documents_are_seen_by_the_offices_of_their_region(cast, county):
    heading = services.Heading("示政公告〔2026〕1号", services_day(), "示例县治超办")
    services.issue(cast.county_head, "publication", county.region, content(), heading)
    seen = {
        name
        for name, person in cast.people().items()
        if IssuedDocument.objects.visible_to(person).exists()
    }
    assert seen == {
        "province_head",
        "city_clerk",
        "county_head",
        "county_clerk",
        "county_inspector",
        "county_readonly",
        "department_clerk",
    }


def services_day():
    from datetime import date

    return date(2026, 5, 8)


# the pages

VIEWERS = {
    "province_head",
    "city_clerk",
    "county_head",
    "county_clerk",
    "county_inspector",
    "county_readonly",
    "neighbour_clerk",
}
EDITORS = {"province_head", "city_clerk", "county_head", "county_clerk", "neighbour_clerk"}
READ = [
    "/documents/",
    PAGE,
    f"{PAGE}used.docx",
    f"{PAGE}default.docx",
    f"{PAGE}preview.pdf",
    f"{PAGE}preview.docx",
]


@pytest.mark.parametrize("address", READ)
def test_who_may_look_at_templates(client, cast, address):
    for name, person in cast.people().items():
        client.force_login(person)
        expected = 200 if name in VIEWERS else 403
        assert client.get(address).status_code == expected, name


@pytest.mark.parametrize("address", [f"{PAGE}texts/", f"{PAGE}word/", f"{PAGE}reset/"])
def test_who_may_change_them(client, cast, address):
    for name, person in cast.people().items():
        client.force_login(person)
        answer = client.post(address, {})
        expected = {200, 302, 422} if name in EDITORS else {403}
        assert answer.status_code in expected, name
        assert client.get(address).status_code == 405
    assert not OfficeTemplate.objects.exists()


def test_an_unknown_kind_is_not_found(client, cast):
    client.force_login(cast.county_head)
    assert client.get("/documents/marriage/").status_code == 404
    assert client.get("/documents/marriage/preview.pdf").status_code == 404


def test_an_office_changes_only_its_own(client, cast, county, city):
    client.force_login(cast.county_head)
    client.post(f"{PAGE}texts/", own_texts(title="县定标题") | {"version": "0"})
    assert OfficeTemplate.objects.get().office == county
    client.force_login(cast.city_clerk)
    assert "县定标题" not in client.get(PAGE).content.decode()
    client.force_login(cast.neighbour_clerk)
    assert "县定标题" not in client.get(PAGE).content.decode()


def test_the_page_explains_what_was_wrong_and_keeps_what_was_typed(client, cast):
    client.force_login(cast.county_head)
    answer = client.post(f"{PAGE}texts/", own_texts(title="我的{{ contry }}") | {"version": "0"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "未知的变量：contry" in page
    assert "我的{{ contry }}" in page


def test_a_word_template_goes_down_and_up_again(client, cast, county):
    client.force_login(cast.county_head)
    downloaded = client.get(f"{PAGE}default.docx")
    assert downloaded["Content-Type"].endswith("wordprocessingml.document")
    from io import BytesIO

    edited = Document(BytesIO(downloaded.content))
    edited.paragraphs[0].insert_paragraph_before("本县专用")
    changed = BytesIO()
    edited.save(changed)
    upload = SimpleUploadedFile("本县.docx", changed.getvalue())
    answer = client.post(f"{PAGE}word/", {"version": "0", "word": upload})
    assert answer.status_code == 302
    own = OfficeTemplate.objects.get()
    assert (own.office, own.word_name) == (county, "本县.docx")
    assert bytes(own.word) == changed.getvalue()
    preview = client.get(f"{PAGE}preview.docx")
    assert "本县专用" in all_text(preview.content)
    assert "示例三号水泥有限公司" in all_text(preview.content)
    client.post(f"{PAGE}reset/", {"version": "1", "part": "word"})
    assert "本县专用" not in all_text(client.get(f"{PAGE}preview.docx").content)


@pytest.mark.parametrize(
    ("upload", "told"),
    [
        (b"MZ\x90\x00", "不是 .docx 文件"),
        (word_of("{{ contry }}"), "contry"),
        (word_of("{% macro m() %}{% endmacro %}"), "macro"),
        (b"PK\x03\x04" + b"\0" * (5 * 1024 * 1024), "超过 5 MB"),
    ],
)
def test_a_bad_upload_is_explained_and_not_kept(client, cast, upload, told):
    client.force_login(cast.county_head)
    file = SimpleUploadedFile("模板.docx", upload)
    answer = client.post(f"{PAGE}word/", {"version": "0", "word": file})
    assert answer.status_code == 422
    assert told in answer.content.decode()
    assert not OfficeTemplate.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_who_save_first_at_the_same_moment(cast, county):
    results: list[str] = []
    gate = threading.Barrier(2)

    def save(title: str) -> None:
        try:
            gate.wait(10)
            services.save_texts(cast.county_head, county, "publication", own_texts(title=title), 0)
            results.append("kept")
        except services.Conflict:
            results.append("conflict")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=save, args=(title,)) for title in ("一", "二")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(results) == ["conflict", "kept"]
    assert OfficeTemplate.objects.count() == 1
