"""The command line: the same operations as commands. Never imports Textual."""
