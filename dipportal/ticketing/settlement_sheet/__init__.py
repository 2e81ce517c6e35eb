"""The settlement sheet of an approved agreement: one content, shown as page, PDF and XLSX.

made = settlement_sheet.sheet(yielded)      # of yield_queries.yield_of
settlement_sheet.pdf(made), settlement_sheet.xlsx(made)
"""

from dipportal.ticketing.settlement_sheet.content import Sheet, file_name, sheet
from dipportal.ticketing.settlement_sheet.on_paper import pdf
from dipportal.ticketing.settlement_sheet.workbook import XLSX, xlsx

__all__ = ["XLSX", "Sheet", "file_name", "pdf", "sheet", "xlsx"]
