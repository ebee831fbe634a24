"""A terminal console for the channel providers of FintechOS Omnichannel Communication Automation."""

__version__ = "0.1.0"
