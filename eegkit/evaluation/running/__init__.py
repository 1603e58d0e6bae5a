"""Fits and scores, fold by fold, here or spread over workers."""
