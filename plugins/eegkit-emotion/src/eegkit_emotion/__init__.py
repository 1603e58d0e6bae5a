"""Emotion data sets (DEAP, GAMEEMO, SEED-IV) for eegkit, and what makes them one."""

from eegkit_emotion.deap import DEAP
from eegkit_emotion.emotion import Emotion
from eegkit_emotion.gameemo import GAMEEMO
from eegkit_emotion.harmonize import harmonize
from eegkit_emotion.seed_iv import SEEDIV

__all__ = ["DEAP", "GAMEEMO", "SEEDIV", "Emotion", "harmonize"]
