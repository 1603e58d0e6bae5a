"""A transform: parameters as fields, `prepare` and `transform_block`."""

from typing import Annotated

import numpy as np

from eegkit import Transformer
from eegkit.parameters import Interval


class Gain(Transformer):
    """Multiply every channel by a gain."""

    gain: Annotated[float, Interval()] = 2.0  # finite

    def prepare(self, signals):
        self.output_shape_ = self.input_shape_

    def transform_block(self, block):
        return block * np.float32(self.gain)
