"""What stands on both sides of a split, told before anything is fitted."""

from eegkit.evaluation.audit.report import Audit, audit_folds, audit_split

__all__ = [
    "Audit",
    "audit_folds",
    "audit_split",
]
