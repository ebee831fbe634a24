"""When two names are the same name."""

import unicodedata


def name_key(name: str) -> str:
    """The form of a Name under which it is unique: NFKC and casefold, outer white space dropped.

    Casefolding may undo the normal form, so it is normalised again (Unicode Standard, D146).
    """
    folded = unicodedata.normalize("NFKC", name).casefold()
    return unicodedata.normalize("NFKC", folded).strip()
