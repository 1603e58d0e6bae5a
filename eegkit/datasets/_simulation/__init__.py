"""What simulated people undergo: one module for each condition."""

from eegkit.datasets._simulation import emotion, identity, motor_imagery, seizure
from eegkit.datasets._simulation._plan import Condition, Plan

CONDITIONS = {
    "motor_imagery": motor_imagery.CONDITION,
    "seizure": seizure.CONDITION,
    "emotion": emotion.CONDITION,
    "identity": identity.CONDITION,
}

__all__ = ["CONDITIONS", "Condition", "Plan"]
