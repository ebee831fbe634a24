"""Persistence behind one protocol."""
