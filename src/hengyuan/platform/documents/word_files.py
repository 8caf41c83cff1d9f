"""What an uploaded Word file must be before anything opens it: looked at by content, never by
its name, within bounds, and without anything that acts by itself or reaches outside.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from io import BytesIO
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring
from django.utils.translation import gettext as _

MAX_BYTES = 5 * 1024 * 1024
_MAX_PARTS = 300
_MAX_UNPACKED = 40 * 1024 * 1024
_MAX_XML = 3 * 1024 * 1024
_MAX_RATIO = 200
# below this size a high ratio is a page of spaces, not a bomb
_RATIO_FROM = 256 * 1024
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_ENCRYPTED = 0x1

_DOCUMENT = "word/document.xml"
_TYPES = "[Content_Types].xml"
_MAIN_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_ACTIVE_TYPES = ("macroenabled", "vbaproject", "activex", "oleobject", "vnd.ms-office")
_ACTIVE_PARTS = ("vbaproject", "activex", "embeddings/", "customui", "macros")
_FOREIGN_PARTS = ("afchunk", "subdocument", "attachedtemplate", "oleobject", "frame", "control")
# fields that fetch or start something when the document is opened
_ACTING_FIELDS = ("DDE", "DDEAUTO", "INCLUDETEXT", "INCLUDEPICTURE", "IMPORT", "LINK", "DATABASE")
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FIELD_TAGS = {f"{_W}fldChar", f"{_W}instrText"}


class UnusableWordFile(ValueError):
    """Why a file is not taken; `problems` are sentences for the person who uploaded it."""

    def __init__(self, *problems: str) -> None:
        super().__init__(" ".join(problems))
        self.problems = list(problems)


def check_word_file(content: bytes) -> None:
    """Raise UnusableWordFile unless this is a plain, bounded .docx without active content."""
    if len(content) > MAX_BYTES:
        raise UnusableWordFile(_("The file is larger than %s MB.") % (MAX_BYTES // 1024 // 1024))
    if not content.startswith(b"PK\x03\x04"):
        raise UnusableWordFile(
            _("This is no .docx file. Save it in Word as “Word document (.docx)”.")
        )
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            _check_members(archive)
            _check_parts(archive)
    except UnusableWordFile:
        raise
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, ValueError) as error:
        raise UnusableWordFile(_("The file is damaged. Save it in Word once more.")) from error


def _check_members(archive: zipfile.ZipFile) -> None:
    members = archive.infolist()
    names = [member.filename for member in members]
    if _TYPES not in names or _DOCUMENT not in names:
        raise UnusableWordFile(
            _("This is no .docx file. Save it in Word as “Word document (.docx)”.")
        )
    if len(members) > _MAX_PARTS or len({name.lower() for name in names}) != len(names):
        raise UnusableWordFile(_("The file has too many parts, or parts of the same name."))
    if any(name.startswith("/") or ".." in name.split("/") or "\\" in name for name in names):
        raise UnusableWordFile(_("The file names parts outside of itself."))
    if any(member.flag_bits & _ENCRYPTED for member in members):
        raise UnusableWordFile(_("The file is protected by a password. Save it without one."))
    # reading stops at the declared size, so what is declared is also what can be unpacked
    swollen = sum(member.file_size for member in members) > _MAX_UNPACKED or any(
        _is_swollen(member) for member in members
    )
    if swollen:
        raise UnusableWordFile(_("The file unpacks to far more than a document holds."))


def _is_swollen(member: zipfile.ZipInfo) -> bool:
    if member.compress_type not in _METHODS:
        return True
    if member.filename.endswith((".xml", ".rels")) and member.file_size > _MAX_XML:
        return True
    ratio = member.file_size / max(member.compress_size, 1)
    return member.file_size > _RATIO_FROM and ratio > _MAX_RATIO


def _check_parts(archive: zipfile.ZipFile) -> None:
    for member in archive.infolist():
        name = member.filename.lower()
        if any(part in name for part in _ACTIVE_PARTS):
            raise _active(member.filename)
        if not name.endswith((".xml", ".rels")):
            continue
        root = _parsed(archive.read(member), member.filename)
        if member.filename == _TYPES:
            _check_types(root)
        elif name.endswith(".rels"):
            _check_relations(root, member.filename)
        else:
            _check_fields(root, member.filename)


def _parsed(content: bytes, name: str) -> Element:
    try:
        parsed: Element = fromstring(content, forbid_dtd=True)
    except (ParseError, DefusedXmlException, RecursionError) as error:
        raise UnusableWordFile(_("The part %s is not readable.") % name) from error
    return parsed


def _check_types(root: Element) -> None:
    types = {
        entry.get("PartName", entry.get("Extension", "")): entry.get("ContentType", "")
        for entry in root
    }
    for part, content_type in types.items():
        if any(word in content_type.lower() for word in _ACTIVE_TYPES):
            raise _active(part)
    if types.get(f"/{_DOCUMENT}") != _MAIN_TYPE:
        raise UnusableWordFile(
            _("This is no plain Word document: templates (.dotx) and macros are not taken.")
        )


def _check_relations(root: Element, name: str) -> None:
    for relation in root:
        kind = relation.get("Type", "").rpartition("/")[2].lower()
        if kind in _FOREIGN_PARTS:
            raise _active(f"{name}: {kind}")
        if relation.get("TargetMode") == "External" and kind != "hyperlink":
            raise UnusableWordFile(
                _("The file fetches something from elsewhere (%s). Insert it instead of linking.")
                % kind
            )


def _check_fields(root: Element, name: str) -> None:
    for field in _field_words(root):
        if field in _ACTING_FIELDS:
            raise _active(f"{name}: {field}")


def _field_words(root: Element) -> Iterator[str]:
    """The first word of every field, which says what it does; runs may cut it into pieces."""
    for simple in root.iter(f"{_W}fldSimple"):
        yield _first_word(simple.get(f"{_W}instr", ""))
    open_fields: list[list[str]] = []
    for element in root.iter():
        if element.tag not in _FIELD_TAGS:
            continue
        if element.tag == f"{_W}instrText":
            if not open_fields:
                yield _first_word(element.text or "")
            else:
                open_fields[-1].append(element.text or "")
            continue
        kind = element.get(f"{_W}fldCharType")
        if kind == "begin":
            open_fields.append([])
        elif open_fields:
            yield _first_word("".join(open_fields[-1]))
            if kind == "end":
                open_fields.pop()
    yield from (_first_word("".join(pieces)) for pieces in open_fields)


def _first_word(instruction: str) -> str:
    return instruction.upper().replace('"', " ").partition("\\")[0].strip().partition(" ")[0]


def _active(what: str) -> UnusableWordFile:
    return UnusableWordFile(
        _("The file holds something that acts by itself (%s). Macros and objects are not taken.")
        % what
    )
