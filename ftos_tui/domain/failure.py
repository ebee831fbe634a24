"""What an operator is told when something did not work."""


class Failure(Exception):
    """Something an operator is told in one sentence that says what to do.

    Every expected failure of stores, vault and studio derives from it; faces show its text and never a traceback.
    """
