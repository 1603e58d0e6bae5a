"""Reports: everything about some results in one HTML file that needs no network."""

from eegkit.reporting.html_report import report

__all__ = ["report"]
