"""The console: one screen a module, mirroring the Studio menu path."""
