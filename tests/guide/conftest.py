"""The guide's modules import each other by name, as an installed plugin's would."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
