# The public names, for type checkers and for `lazy_loader`, which imports each on first use.
from . import classifiers as classifiers
from . import datasets as datasets
from . import decoders as decoders
from . import evaluation as evaluation
from . import explanation as explanation
from . import parameters as parameters
from . import plots as plots
from . import registry as registry
from . import testing as testing
from . import transforms as transforms
from .classifiers import NeuralClassifier as NeuralClassifier
from .datasets import Dataset as Dataset
from .datasets import load_dataset as load_dataset
from .evaluation import Results as Results
from .evaluation import evaluate as evaluate
from .evaluation import replay as replay
from .explanation import explain as explain
from .export import export_onnx as export_onnx
from .parameters import ParameterError as ParameterError
from .persistence import load as load
from .persistence import save as save
from .pipeline import Pipeline as Pipeline
from .pipeline import make_pipeline as make_pipeline
from .prediction import predict as predict
from .reporting import report as report
from .signals import SignalArray as SignalArray
from .transforms import Transformer as Transformer
from .trials import Trials as Trials

__version__: str
