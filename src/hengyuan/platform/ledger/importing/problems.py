"""Everything that can be wrong in a workbook, and what to do about it.

A problem is kept as its code and parameters and worded when it is shown, so that a stored dry run
is read in the language of whoever opens it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _

VALUE_CHARS = 60


@dataclass(frozen=True, slots=True)
class Kind:
    """What is said of one kind of problem: what is wrong, and the remedy."""

    problem: Any
    remedy: Any


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in a place of the workbook. Row and column 0 mean the whole.

    An error refuses its row (in the whole file's case the file), a warning is only told.
    """

    code: str
    is_error: bool
    sheet: str = ""
    row: int = 0
    column: str = ""
    value: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def problem(self) -> str:
        """What is wrong, in the language on screen."""
        return str(KINDS[self.code].problem) % self.params

    @property
    def remedy(self) -> str:
        """What to do, in the language on screen."""
        return str(KINDS[self.code].remedy) % self.params


def shortened(value: Any) -> str:
    """A cell's content as it is shown beside a problem."""
    text = " ".join(str("" if value is None else value).split())
    return text if len(text) <= VALUE_CHARS else f"{text[:VALUE_CHARS]}…"


_SAVE_AS = _("Open it in Excel or WPS and save it as “Excel workbook (.xlsx)”.")
_USE_TEMPLATE = _("Take the template of this platform and copy the data into it.")
_ONE_OF = _("Choose one of: %(choices)s.")
_DATE_LIKE = _("Write it like 2026-05-31, or as a date cell.")

KINDS: dict[str, Kind] = {
    # the file
    "file_empty": Kind(_("The file is empty."), _("Choose the workbook once more.")),
    "file_too_large": Kind(
        _("The file has %(mb)s MB, more than %(most)s MB."),
        _("Remove pictures, or cut it into several files by county."),
    ),
    "file_is_xls": Kind(_("This is a workbook of Excel 97–2003 (.xls)."), _SAVE_AS),
    "file_is_xlsb": Kind(_("This is a binary workbook (.xlsb)."), _SAVE_AS),
    "file_is_ods": Kind(_("This is an OpenDocument file, not .xlsx."), _SAVE_AS),
    "file_is_other": Kind(
        _("This is no Excel workbook but %(what)s, whatever the file is called."), _SAVE_AS
    ),
    "file_has_password": Kind(
        _("The workbook is protected by a password."),
        _("Save it without password (File, Info, Protect workbook), then upload it again."),
    ),
    "file_has_macros": Kind(
        _("The workbook contains macros."),
        _("Save it as “Excel workbook (.xlsx)”; macros are left behind by that."),
    ),
    "file_damaged": Kind(
        _("The file is damaged and cannot be read."),
        _("Open it in Excel or WPS, save it anew and upload it again."),
    ),
    "file_swollen": Kind(
        _("The file unpacks to %(mb)s MB, far more than a ledger holds."),
        _("Remove pictures, formats and empty rows; best copy the data into a new template."),
    ),
    "file_unsafe": Kind(
        _("The file contains something that no office program writes (%(what)s)."),
        _USE_TEMPLATE,
    ),
    "too_many_rows": Kind(
        _("The sheet has %(rows)s rows, more than %(most)s."),
        _("Delete empty formatted rows, or cut the file into several by county."),
    ),
    "too_many_cells": Kind(
        _("The sheet has %(cells)s cells, more than %(most)s."),
        _("Delete columns that are not in the template."),
    ),
    # sheets and headings
    "sheet_missing": Kind(
        _("There is no sheet “%(name)s”."),
        _("Name the sheet as in the template; do not translate or rename it."),
    ),
    "sheet_unknown": Kind(
        _("The sheet is not one of the template; its %(rows)s rows are not read."),
        _("Move the rows to the sheet “%(name)s”, or delete this sheet."),
    ),
    "heading_missing": Kind(
        _("No row with the headings of the template was found among the first %(rows)s rows."),
        _USE_TEMPLATE,
    ),
    "column_missing": Kind(
        _("The column “%(name)s” is missing."),
        _("Insert the column with exactly this heading, as in the template."),
    ),
    "column_absent": Kind(
        _("The columns %(names)s are missing; what the ledger says there stays."),
        _("Nothing, if that is meant; otherwise take the template."),
    ),
    "column_twice": Kind(
        _("The heading “%(name)s” stands there twice."), _("Delete one of the two columns.")
    ),
    "column_unknown": Kind(
        _("The column is not one of the template and is not read."),
        _("Nothing, if that is meant; otherwise use the heading of the template."),
    ),
    "no_rows": Kind(
        _("There is no row below the headings."), _("Fill in at least one source unit.")
    ),
    "rows_hidden": Kind(
        _("%(count)s rows are hidden (%(rows)s) and are imported like the others."),
        _("Show the rows and look at them; delete those that are not meant."),
    ),
    # cells
    "merged": Kind(
        _("The cells %(range)s are merged, so it is not clear what belongs to this row."),
        _("Unmerge the cells and fill in every row."),
    ),
    "formula": Kind(
        _("The cell contains a formula; what it yields is not certain."),
        _("Copy the cells and paste them as values."),
    ),
    "cell_error": Kind(_("The cell shows an Excel error."), _("Type the value.")),
    "too_long": Kind(
        _("The cell holds %(chars)s characters, at most %(most)s are possible."),
        _("Shorten the text."),
    ),
    "oversized": Kind(
        _("The cell holds %(kb)s KB; no cell of a ledger does."),
        _("Delete what was pasted there and type the text."),
    ),
    "missing": Kind(_("This cell must be filled in."), _("Fill it in.")),
    "missing_choice": Kind(_("This cell must be filled in."), _ONE_OF),
    "no_text": Kind(
        _("A %(what)s stands where a text belongs."), _("Set the cell's format to text and retype.")
    ),
    "blanks_removed": Kind(
        _("Blanks before or behind the text were removed."), _("Nothing; delete them if you like.")
    ),
    "full_width": Kind(
        _("Full-width characters were read as “%(read)s”."),
        _("Nothing; better type them in half width."),
    ),
    "number_as_text": Kind(
        _("The number is stored as a text; it was read as %(read)s."),
        _("Nothing; better set the cell's format to number."),
    ),
    "no_number": Kind(
        _("This is no number."), _("Write digits only, without unit and words, such as 120000.")
    ),
    "not_whole": Kind(_("Only whole numbers are possible here."), _("Round it.")),
    "out_of_range": Kind(
        _("The value is not between %(low)s and %(high)s."),
        _("Check the figure and its unit (%(unit)s)."),
    ),
    "no_date": Kind(_("This is no date."), _DATE_LIKE),
    "no_such_date": Kind(_("There is no such day."), _DATE_LIKE),
    "date_improbable": Kind(
        _("The year %(year)s cannot be right here."), _("Check the date; %(years)s are possible.")
    ),
    "date_before": Kind(
        _("The date is not later than the one in “%(other)s”."), _("Check both dates.")
    ),
    "no_choice": Kind(_("This is none of the possible values."), _ONE_OF),
    "no_yes_no": Kind(_("Only 是 or 否 can stand here."), _("Write 是, 否 or nothing.")),
    "bad_phone": Kind(
        _("A telephone number has digits, blanks, + and - only."),
        _("Write one number, such as 0357-6220000."),
    ),
    "number_cut": Kind(
        _("Excel keeps 15 digits of a number only; the code is no longer what was typed."),
        _("Set the column's format to text and type the code again."),
    ),
    # what a unit says
    "code_wrong": Kind(
        _("A unit code has 11 digits: county (6), 51, number (3)."),
        _("Leave it empty for a new unit; the platform gives the code."),
    ),
    "code_unknown": Kind(
        _("There is no unit with this code in your region."),
        _("Leave the cell empty if the unit is new, otherwise correct the code."),
    ),
    "credit_length": Kind(
        _("A credit code has 18 characters, this has %(count)s."),
        _("Copy the code from the business licence."),
    ),
    "credit_characters": Kind(
        _("A credit code has digits and capital letters without I, O, S, V, Z."),
        _("Check for 0 and O, 1 and I, 5 and S, 2 and Z; compare with the business licence."),
    ),
    "credit_region": Kind(
        _("Characters 3 to 8 of a credit code are six digits."),
        _("Compare with the business licence."),
    ),
    "credit_checksum": Kind(
        _("The check character is %(found)s, by the standard it would be %(expected)s."),
        _("Compare with the business licence; some genuine early codes are like this."),
    ),
    "county_unknown": Kind(
        _("There is no county of this name or code."), _("%(hint)sCounties: %(choices)s.")
    ),
    "county_foreign": Kind(
        _("%(county)s is outside of your region: the row is not taken."),
        _("Delete the row; that county or the city imports it."),
    ),
    "county_fixed": Kind(
        _("The unit lies in %(county)s by its code; the county cannot be changed by import."),
        _("Correct the county, or leave the code empty if it is another unit."),
    ),
    "township_unknown": Kind(
        _("%(county)s has no such township."), _("%(hint)sTownships: %(choices)s.")
    ),
    "cargo_unknown": Kind(
        _("The cargo class %(name)s does not exist."),
        _("Separate several with 、; possible are: %(choices)s."),
    ),
    "position_half": Kind(
        _("Longitude and latitude are given together or not at all."), _("Fill in both.")
    ),
    "position_swapped": Kind(_("Longitude and latitude are swapped."), _("Swap the two cells.")),
    "position_far": Kind(
        _("The position lies outside of %(county)s."),
        _("Compare with the place; %(county)s lies between %(extent)s."),
    ),
    "throughput_small": Kind(
        _("%(value)s t in a year is little: are these ten thousands of tonnes?"),
        _("Write tonnes: 12 ten thousand tonnes are 120000."),
    ),
    "grade_differs": Kind(
        _("By the yearly tonnage the grade would be “%(suggested)s”."),
        _("Nothing, if the grade is meant."),
    ),
    "grade_suggested": Kind(
        _("No grade is given; it is set to “%(suggested)s” by the yearly tonnage."),
        _("Nothing, if that is right."),
    ),
    "closed_reason_missing": Kind(
        _("A closed unit needs the reason of its closing."), _("Fill in “%(column)s”.")
    ),
    "closed_facts_alone": Kind(
        _("The unit is not closed, so it has no day and reason of closing."),
        _("Empty the cell, or set “%(column)s” to closed."),
    ),
    "reopening": Kind(
        _("The unit is closed in the ledger and is not re-opened by an import."),
        _("Re-open it on its page with a reason, then import again."),
    ),
    "county_full": Kind(
        _("All unit codes of %(county)s are given out."), _("Ask the city's office.")
    ),
    "name_changes": Kind(
        _("The ledger has this credit code under the name “%(name)s” (%(code)s): it is renamed."),
        _("Nothing, if it is the same unit; for another site of the company fill in its code."),
    ),
    "ledger_refuses": Kind(_("The ledger does not take this: %(message)s"), _("Correct it.")),
    # the same twice
    "twice_in_file": Kind(
        _("This is the same unit as in row %(row)s (%(by)s)."),
        _("Delete one of the rows; for two sites enter one of them on its page first."),
    ),
    "twice_in_ledger": Kind(
        _("The ledger has a unit of this name with another credit code: %(code)s, %(credit)s."),
        _("Fill in the unit code %(code)s if it is the same, otherwise tell the names apart."),
    ),
    "credit_elsewhere": Kind(
        _("%(name)s (%(code)s) has this credit code already."),
        _("Correct the credit code; for another site of the company leave the cell as it is."),
    ),
    "credit_ambiguous": Kind(
        _("Several units of the county have this credit code: %(codes)s."),
        _("Fill in the code of the one that is meant."),
    ),
    "looks_like": Kind(
        _("The unit looks like %(name)s (%(code)s): %(why)s."),
        _("Fill in that code if it is the same unit; otherwise nothing."),
    ),
    "looks_like_row": Kind(
        _("The unit looks like the one in row %(row)s (%(name)s): %(why)s."),
        _("Delete one of the rows if it is the same unit; otherwise nothing."),
    ),
    # gates, lanes, equipment
    "unit_unknown": Kind(
        _("No unit “%(name)s” is found, neither in the ledger nor on the sheet “%(sheet)s”."),
        _("Write name and county exactly as there, or the unit code."),
    ),
    "unit_ambiguous": Kind(
        _("Several units are called “%(name)s”."), _("Fill in the county, or the unit code.")
    ),
    "unit_refused": Kind(
        _("The unit's own row (%(sheet)s, row %(row)s) has errors, so this row cannot be taken."),
        _("Correct the unit's row; this one comes along then."),
    ),
    "unit_closed": Kind(
        _("The unit is closed: its gates and equipment are not changed."), _("Delete the row.")
    ),
    "gate_unknown": Kind(
        _("The unit has no gate %(number)s."), _("Enter the gate on the sheet “%(sheet)s”.")
    ),
    "gate_name_differs": Kind(
        _("Row %(row)s gives this gate another name or direction."),
        _("Write the same in all rows of the gate."),
    ),
    "lane_unknown": Kind(
        _("Gate %(gate)s has no lane %(number)s."), _("Enter the lane on the sheet “%(sheet)s”.")
    ),
    "lane_without_gate": Kind(
        _("A lane is named, but no gate."), _("Fill in the number of the gate.")
    ),
    "number_twice": Kind(
        _("The number %(number)s of this unit stands in row %(row)s already."),
        _("Number the unit's entries 1, 2, 3 …"),
    ),
    "serial_twice": Kind(
        _("The serial number stands in row %(row)s already."),
        _("Look at the type plate; one device is entered once."),
    ),
    "serial_in_ledger": Kind(
        _("The ledger has this serial number as %(device)s of %(unit)s."),
        _("Use the same number to change it, or correct the serial number."),
    ),
    "certificate_expired": Kind(
        _("The certificate has ended on %(day)s."), _("Have the scale verified.")
    ),
    "scale_intervals": Kind(
        _("Max / e is %(count)s; for class %(class)s it is between %(low)s and %(high)s."),
        _("Compare Max and e with the type plate."),
    ),
}
