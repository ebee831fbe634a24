"""Secrets at rest: envelope encryption, key sources."""
