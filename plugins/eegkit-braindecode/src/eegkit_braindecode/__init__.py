"""Any of braindecode's nets for eegkit, and its data sets of windows."""

from eegkit_braindecode.classifier import BraindecodeClassifier
from eegkit_braindecode.windows import from_braindecode, to_braindecode

__all__ = ["BraindecodeClassifier", "from_braindecode", "to_braindecode"]
