"""Providers in files: export, reading, plan, apply, spreadsheets."""
