"""What somebody tells beside the question, and Identity Manager cannot know: a restore, a change made elsewhere."""

import re
from typing import Final

LONGEST: Final = 200
"""Characters of somebody's words that go on with a question: a button must hold them."""
_ANY_RESTORE: Final = re.compile(r"\b(?:restor|restaur)\w*", re.IGNORECASE)
_RESTORE: Final = re.compile(
    r"""
      \b(?:the|a|an|our|since|after|la|une|depuis|apr[eè]s)\ (?:\w+\ )?(?:restore|restoration|restauration)\b
    | \b(?:database|db|base|snapshot|nim|identity\ manager)\b.{0,40}\b(?:restored|restaur[ée]e?)
    | \b(?:restored|restaur\w+)\b.{0,40}\b(?:database|db|base|backup|copy|copie|sauvegarde|snapshot)\b
    | \brolled\ back\b | \bcookies?\b | \bprevious\ folder\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""A restore of the database: access, networks and files are restored too, and that is another matter."""
_TELLS: Final = re.compile(
    r"""
      \b(?:still|old|outdated|toujours|encore|anciens?|anciennes?)\b | not\ updated | pas\ à\ jour
    | \b(?:changed|renamed|modifié\w*|changé\w*|renommé\w*)\b
    | \bback\b | \bkeeps?\b | \bremoved\b | \bagain\b | \bre-?(?:appear|add)\w* | \breturns\b
    | \b(?:reviens?|revient|reviennent|redonne\w*|réapparaît|remet|retiré\w*|enlevé\w*)\b
    """,
    re.IGNORECASE | re.VERBOSE,
)


def told_in(text: str) -> str:
    """The words, where they tell something that a diagnosis may use; "" otherwise."""
    if tells_of_a_restore(text):
        return text[:LONGEST]
    return _ANY_RESTORE.sub("", text)[:LONGEST] if _TELLS.search(text) else ""


def tells_of_a_restore(told: str) -> bool:
    """Whether the database went back in time, or what incremental runs compare with."""
    return _RESTORE.search(told) is not None
