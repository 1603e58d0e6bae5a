"""What a decoder looks at: attributions of its answers to channels, frequencies and times.

Methods that follow gradients are Captum's [1]_: ``pip install 'eegkit[explain]'``.

References
----------
.. [1] N. Kokhlikyan et al. (2020), Captum: a unified and generic model interpretability library
   for PyTorch, arXiv:2009.07896.
"""

from eegkit.explanation.attributions import Attributions
from eegkit.explanation.chance import explain_chance
from eegkit.explanation.explain import explain
from eegkit.explanation.faithfulness import Faithfulness
from eegkit.explanation.methods import METHODS as METHODS
from eegkit.explanation.people import PeopleAttributions, explain_people

__all__ = [
    "Attributions",
    "Faithfulness",
    "PeopleAttributions",
    "explain",
    "explain_chance",
    "explain_people",
]
