"""Reports: everything about some results in one HTML file that needs no network."""

from eegkit.report._report import write_report

__all__ = ["write_report"]
