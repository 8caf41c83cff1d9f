"""The kinds of official documents: what each is filled with, and how it reads unless an office
words it differently.

The wording is Chinese in every language of the screen, because the documents are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Variable:
    """One thing that a template can print: its name in the template and an example."""

    name: str
    label: str | Promise
    example: str


@dataclass(frozen=True, slots=True)
class RowsVariable:
    """Rows that a template can loop over, with what each row holds and rows as an example."""

    name: str
    label: str | Promise
    columns: tuple[Variable, ...]
    more_examples: tuple[Mapping[str, str], ...] = ()

    def examples(self) -> list[dict[str, str]]:
        """Rows as they could come; the first one is made of the columns' own examples."""
        first = {column.name: column.example for column in self.columns}
        return [first, *(first | dict(more) for more in self.more_examples)]


@dataclass(frozen=True, slots=True)
class TextBlock:
    """A part of the document that an office can word itself; each line is a paragraph."""

    name: str
    label: str | Promise
    default: str
    lines: int = 1
    required: bool = True
    help_text: str | Promise = ""


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column of the printed table: row variables, one a line, and its share of the width."""

    header: str
    lines: tuple[str, ...]
    share: int
    centred: bool = False


@dataclass(frozen=True, slots=True)
class PrintedTable:
    """The table in the document's annex."""

    rows: str
    title: str
    columns: tuple[TableColumn, ...]


@dataclass(frozen=True, slots=True)
class DocumentKind:
    """A kind of document. `variables` and `rows` are all that its templates can print."""

    name: str
    label: str | Promise
    variables: tuple[Variable, ...]
    rows: tuple[RowsVariable, ...]
    texts: tuple[TextBlock, ...]
    table: PrintedTable | None = None

    def default_texts(self) -> dict[str, str]:
        return {block.name: block.default for block in self.texts}

    def schema(self) -> dict[str, frozenset[str]]:
        """Name → what it holds: nothing for a plain variable, its columns for rows."""
        plain = {variable.name: frozenset[str]() for variable in self.variables}
        looped = {
            rows.name: frozenset(column.name for column in rows.columns) for rows in self.rows
        }
        return plain | looped

    def example(self) -> dict[str, Any]:
        """Content as it could come, for previews and for trying out a template."""
        plain: dict[str, Any] = {variable.name: variable.example for variable in self.variables}
        return plain | {rows.name: rows.examples() for rows in self.rows}

    def check_content(self, content: Mapping[str, Any]) -> None:
        """ValueError where content lacks something that a template of this kind may print."""
        for name, columns in self.schema().items():
            if name not in content:
                raise ValueError(f"{self.name}: {name} is missing")
            for row in content[name] if columns else ():
                if missing := columns - set(row):
                    raise ValueError(f"{self.name}: {name} lacks {', '.join(sorted(missing))}")


_UNITS = RowsVariable(
    "units",
    _("The units on the list"),
    (
        Variable("number", _("Serial number"), "1"),
        Variable("name", _("Name"), "示例一号煤矿有限公司"),
        Variable("credit_code", _("Unified social credit code"), "91141000MA0EXAMP1X"),
        Variable("address", _("Address"), "示例镇示例村北"),
        Variable("township", _("Township"), "示例镇"),
        Variable("kind", _("Kind"), "煤炭"),
        Variable("grade", _("Grade"), "重点"),
        Variable("mode", _("Supervision mode"), "驻点"),
        Variable("supervisor", _("Responsible supervisor"), "张示例"),
        Variable("supervisor_office", _("Office of the supervisor"), "示例县交通运输局"),
        Variable("duty_telephone", _("Duty telephone"), "0357-0000000"),
        Variable("department", _("Responsible department"), "交通运输"),
    ),
    (
        {
            "number": "2",
            "name": "示例二号石料厂",
            "credit_code": "91141000MA0EXAMP2X",
            "kind": "砂石",
            "grade": "一般",
            "mode": "巡查",
            "supervisor": "李示例",
        },
        {
            "number": "3",
            "name": "示例三号水泥有限公司",
            "credit_code": "91141000MA0EXAMP3X",
            "kind": "水泥",
            "mode": "电子监管",
            "supervisor": "王示例",
        },
    ),
)

_PUBLICATION_VARIABLES = (
    Variable("county", _("County"), "示例县"),
    Variable("government", _("Issuing government"), "示例县人民政府"),
    Variable("office", _("Overload-control office"), "示例县治超办"),
    Variable("list_title", _("Title of the list"), "示例县道路货物运输源头单位名单"),
    Variable("document_no", _("Document number"), "示政公告〔2026〕1号"),
    Variable("year", _("Year"), "2026"),
    Variable("published_on", _("Date of publication"), "2026年5月8日"),
    Variable("objection_until", _("End of the objection period"), "2026年5月15日"),
    Variable("unit_count", _("Number of units"), "3"),
    Variable("stationed_count", _("of these with stationed officers"), "1"),
    Variable("patrol_count", _("of these patrolled"), "1"),
    Variable("electronic_count", _("of these supervised electronically"), "1"),
)

_UNIT_TABLE = PrintedTable(
    rows="units",
    title="{{ list_title }}",
    columns=(
        TableColumn("序号", ("number",), 9, centred=True),
        TableColumn("单位名称及统一社会信用代码", ("name", "credit_code"), 45),
        TableColumn("地址", ("address",), 25),
        TableColumn("类型", ("kind",), 12, centred=True),
        TableColumn("监管方式", ("mode",), 13, centred=True),
        TableColumn("监管责任人", ("supervisor", "supervisor_office", "duty_telephone"), 34),
        TableColumn("责任部门", ("department",), 18, centred=True),
    ),
)

_MASTHEAD_HELP = _("Printed large and red at the top of the first page.")
_PARAGRAPHS_HELP = _("Each line becomes a paragraph.")
_CONTACT_HELP = _("Printed in brackets under the date, as a note. May stay empty.")
_COPIES_HELP = _("Printed at the foot of the last page. May stay empty.")


def _publication_texts(title: str, opening: str, closing: str) -> tuple[TextBlock, ...]:
    return (
        TextBlock("masthead", _("Masthead"), "{{ government }}", help_text=_MASTHEAD_HELP),
        TextBlock("title", _("Title"), title, lines=2),
        TextBlock("opening", _("Opening"), opening, lines=6, help_text=_PARAGRAPHS_HELP),
        TextBlock("closing", _("Closing"), closing, lines=4, help_text=_PARAGRAPHS_HELP),
        TextBlock("signature", _("Signature of the issuing office"), "{{ government }}"),
        TextBlock("contact", _("Contact"), "", required=False, help_text=_CONTACT_HELP),
        TextBlock(
            "copies_to",
            _("Copies to"),
            "市治超领导小组办公室",
            required=False,
            help_text=_COPIES_HELP,
        ),
    )


PUBLICATION = DocumentKind(
    name="publication",
    label=_("Publication of source units"),
    variables=_PUBLICATION_VARIABLES,
    rows=(_UNITS,),
    texts=_publication_texts(
        "关于{{ county }}道路货物运输源头单位名单的公示",
        "为从源头治理货运车辆超限超载，保障公路设施和人民群众生命财产安全，根据山西省人民政府令"
        "第301号和市道路货物运输源头科技治超工作安排，经摸底排查，现将{{ county }}道路货物运输"
        "源头单位名单予以公示。\n"
        "本次公示源头单位{{ unit_count }}家，其中驻点监管{{ stationed_count }}家，"
        "巡查监管{{ patrol_count }}家，电子监管{{ electronic_count }}家。",
        "公示期自{{ published_on }}起至{{ objection_until }}止。公示期内，单位和个人对名单"
        "有异议的，可以向{{ office }}书面提出，并写明事实、理由和联系方式。\n特此公告。",
    ),
    table=_UNIT_TABLE,
)

PUBLICATION_FINAL = DocumentKind(
    name="publication_final",
    label=_("Final list of source units"),
    variables=(
        *_PUBLICATION_VARIABLES,
        Variable("final_on", _("Date of the final list"), "2026年5月16日"),
        Variable("final_document_no", _("Number of the final document"), "示政公告〔2026〕2号"),
        Variable("objection_count", _("Number of objections"), "2"),
        Variable("upheld_count", _("Number of objections upheld"), "1"),
    ),
    rows=(_UNITS,),
    texts=_publication_texts(
        "关于公布{{ county }}道路货物运输源头单位名单的公告",
        "{{ county }}道路货物运输源头单位名单（{{ document_no }}）自{{ published_on }}起至"
        "{{ objection_until }}止向社会公示，公示期内收到异议{{ objection_count }}件，"
        "均已答复，其中采纳{{ upheld_count }}件。现将名单予以公布。\n"
        "本次公布源头单位{{ unit_count }}家，其中驻点监管{{ stationed_count }}家，"
        "巡查监管{{ patrol_count }}家，电子监管{{ electronic_count }}家。",
        "名单所列单位应当依法配备称重检测、视频监控等设施设备，落实源头治超主体责任，接受监督检查。"
        "\n特此公告。",
    ),
    table=_UNIT_TABLE,
)

KINDS: dict[str, DocumentKind] = {kind.name: kind for kind in (PUBLICATION, PUBLICATION_FINAL)}
