"""The verdicts on what was entered, one module a rule family; `check_draft` in `draft` is the only door."""
