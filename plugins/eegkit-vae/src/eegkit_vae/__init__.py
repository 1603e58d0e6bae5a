"""Variational autoencoders that denoise EEG for eegkit."""

from eegkit_vae.vae_classifier import VAEClassifier
from eegkit_vae.vae_denoiser import VAEDenoiser

__all__ = ["VAEClassifier", "VAEDenoiser"]
