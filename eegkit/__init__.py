"""eegkit: decode EEG with scikit-learn estimators, honestly.

The public names, listed in ``__init__.pyi``, are imported on first use, so that
``import eegkit`` costs milliseconds and pulls in neither torch nor mne.
"""

import lazy_loader

from eegkit._version import __version__ as __version__

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
