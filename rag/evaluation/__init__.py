"""Evaluation: cases are asked, each becomes a row, rows become a report, and reports are compared."""
