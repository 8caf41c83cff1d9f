"""Taking a workbook of source units into the ledger.

package   is this a workbook at all, and one that can be opened without harm?
sheets    its sheets as rows of cells under the template's headings
cells     what a cell says: numbers, dates, choices, codes
columns   the sheets and columns that there are (the template is written from them, too)
problems  everything that can be wrong, with its remedy
known     the part of the ledger that the workbook is compared with
planning  row by row: new, changed, unchanged or refused; nothing is written
applying  a plan written in one transaction
report    a plan as plain JSON, kept between dry run and confirmation
sessions  upload, dry run, confirmation
"""
