"""A transform: parameters as fields, `_prepare`, `_transform_block`, `_knowledge`."""

import numpy as np

from eegkit import Transformer


class Gain(Transformer):
    """Multiply every channel by a gain."""

    gain: float = 2.0

    def _prepare(self, signals):
        if not np.isfinite(self.gain):
            raise ValueError(f"gain is {self.gain}; expected a finite number.")
        self.output_shape_ = self.input_shape_

    def _transform_block(self, block):
        return block * np.float32(self.gain)

    def _knowledge(self, signals):
        return {"sfreq": signals.sfreq, "ch_names": signals.ch_names}
