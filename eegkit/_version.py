"""The version of eegkit and of the plugins that are released with it, in this one place."""

__version__ = "0.1.0.dev0"
