"""Is the file a workbook that may be opened? Looked at by content, whatever it is called."""

from __future__ import annotations

import io
import zipfile

import pytest
from openpyxl import Workbook

from hengyuan.platform.ledger.importing import package
from hengyuan.platform.ledger.importing.columns import LANES, UNITS
from hengyuan.platform.ledger.importing.package import UnusableFile, scan
from hengyuan.platform.ledger.importing.sheets import read
from tests.platform.ledger.books import book, saved, unit, with_part

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1024)
WORKBOOK_TYPE = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"


def refused(content: bytes) -> str:
    with pytest.raises(UnusableFile) as unusable:
        read(content)
    problem = unusable.value.problem
    assert problem.problem
    assert problem.remedy
    return problem.code


def archive(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, data in parts.items():
            made.writestr(name.replace("__", "/").replace("_xml", ".xml"), data)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (OLE + "Workbook".encode("utf-16-le"), "file_is_xls"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "file_has_password"),
        (OLE, "file_is_other"),
        (b"%PDF-1.7", "file_is_other"),
        (b"\x89PNG\r\n", "file_is_other"),
        (b"MZ\x90\x00" * 100, "file_is_other"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "file_is_other"),
        (b"\xef\xbb\xbf<?xml version='1.0'?><Workbook/>", "file_is_other"),
        ("单位名称,县\n示例煤矿,洪洞县\n".encode(), "file_is_other"),
        (b"\x00\x01\x02" * 100, "file_damaged"),
        (b"PK\x03\x04 and then nothing", "file_damaged"),
        (archive(readme_xml=b"<a/>"), "file_is_other"),
        (archive(word__document_xml=b"<a/>"), "file_is_other"),
        (archive(mimetype=b"application/vnd.oasis.opendocument.spreadsheet"), "file_is_ods"),
    ],
)
def test_what_is_no_workbook_is_named_and_refused(content, code):
    assert refused(content) == code


def test_a_large_file_is_refused_before_anything_is_read(monkeypatch):
    monkeypatch.setattr(package, "MAX_BYTES", 100)
    assert refused(b"PK\x03\x04" + bytes(200)) == "file_too_large"


def test_a_workbook_with_macros_is_refused_by_its_part_and_by_its_type():
    good = book([unit()])
    assert refused(with_part(good, "xl/vbaProject.bin", lambda _: b"macro")) == "file_has_macros"
    typed = with_part(
        good,
        "[Content_Types].xml",
        lambda data: data.replace(
            WORKBOOK_TYPE, b"application/vnd.ms-excel.sheet.macroEnabled.main+xml"
        ),
    )
    assert refused(typed) == "file_has_macros"


def test_a_binary_workbook_is_refused():
    assert refused(with_part(book([unit()]), "xl/workbook.bin", lambda _: b"x")) == "file_is_xlsb"


def test_an_encrypted_archive_is_called_protected():
    content = bytearray(book([unit()]))
    # the flag of every entry, in its local header and in the directory
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.find(signature)
        while at >= 0:
            content[at + offset] |= 1
            at = content.find(signature, at + 4)
    assert refused(bytes(content)) == "file_has_password"


def test_a_bomb_is_refused_by_what_it_unpacks_to(monkeypatch):
    monkeypatch.setattr(package, "MAX_UNPACKED", 1_000_000)
    bomb = with_part(book([unit()]), "xl/media/picture.xml", lambda _: b"<a>" + b" " * 2_000_000)
    assert len(bomb) < 50_000
    assert refused(bomb) == "file_swollen"


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/styles.xml"])
def test_no_part_may_bring_a_document_type(part):
    def plant(data: bytes) -> bytes:
        declaration, _, rest = data.rpartition(b"?>")
        start = declaration + b"?>" if declaration else b""
        return start + b'<!DOCTYPE a [<!ENTITY b "bbbb">]>' + rest

    assert refused(with_part(book([unit()]), part, plant)) == "file_unsafe"


def test_a_part_that_is_no_xml_is_called_damaged():
    assert (
        refused(with_part(book([unit()]), "xl/styles.xml", lambda _: b"<a><b>")) == "file_damaged"
    )


def test_a_hundred_thousand_rows_are_too_many():
    made = Workbook(write_only=True)
    sheet = made.create_sheet(UNITS.name)
    for number in range(100_000):
        sheet.append([number])
    with pytest.raises(UnusableFile) as unusable:
        scan(saved(made))
    assert unusable.value.problem.code == "too_many_rows"
    assert unusable.value.problem.sheet == UNITS.name
    assert "100,000" in unusable.value.problem.problem


def test_a_single_row_far_down_counts_like_all_those_above_it():
    far = book([unit()], edit=lambda made: made[UNITS.name].cell(row=90_000, column=2, value="x"))
    assert refused(far) == "too_many_rows"


def test_too_many_cells_are_refused(monkeypatch):
    monkeypatch.setattr(package, "MAX_CELLS", 30)
    assert refused(book([unit(number) for number in range(10)])) == "too_many_cells"


def test_merged_cells_and_hidden_rows_are_seen_without_building_them():
    def edit(made: Workbook) -> None:
        # as large as a sheet can be: a reader that makes cells of it would not come back
        made[UNITS.name].merged_cells.add("A2:XFD1048576")
        made[UNITS.name].row_dimensions[3].hidden = True

    content = saved_without_filling([unit(1), unit(2)], edit)
    found = scan(content)[UNITS.name]
    assert found.hidden_rows == [3]
    assert [merge.text for merge in found.merges] == ["A2:XFD1048576"]
    problems = read(content).problems
    assert {problem.code for problem in problems if problem.is_error} == {"merged"}


def test_sheets_are_found_by_name_in_any_order():
    def edit(made: Workbook) -> None:
        made.move_sheet(UNITS.name, offset=2)
        made[LANES.name].sheet_state = "hidden"

    found = read(book({UNITS: [unit()], LANES: []}, edit=edit))
    assert len(found.sheets[UNITS.name].rows) == 1


def saved_without_filling(rows, edit) -> bytes:
    return book(rows, edit=edit)
