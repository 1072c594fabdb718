"""What a task does, told from its names first and its type number second (nim-api 5.7, 9.4).

There is no official list of numbers; names are a site's own, English or French, so the patterns are generous. Their
order matters: the more special one comes first ("compute correlation keys" is no role model).
"""

import re
from typing import Final

from bot.model.job import TaskKind

_PATTERNS: Final[tuple[tuple[TaskKind, re.Pattern[str]], ...]] = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        (TaskKind.PREPARE, r"prepar|pr[eé]par"),
        (TaskKind.CORRELATION_KEYS, r"correlation\W*key|cl[eé]s?\W*(de\W*)?corr[eé]lation|corr[eé]lation"),
        (TaskKind.EXPRESSIONS, r"expression|entity\W*propert|propri[eé]t[eé]s?\W*d"),
        (TaskKind.CLASSIFICATION, r"classif"),
        (TaskKind.PROFILES, r"profil"),
        (TaskKind.FULFILL, r"fulfil|ex[eé]cut(er|ion)\W*(des?\W*)?(ordres?|prov)|provisionn?er|alimentation"),
        (TaskKind.GENERATE, r"generat|g[eé]n[eé]r(er|ation)|provisioning\W*orders?|ordres?\W*de\W*prov"),
        (TaskKind.ROLE_MODEL, r"role\W*model|mod[eè]le\W*de\W*r[oô]les?|compute\W*role|evaluate\W*polic|\bcrm\b"),
        (TaskKind.EXPORT, r"export|extract"),
        (TaskKind.SYNCHRONIZE, r"synchr|\bsync\b"),
    )
)
_NUMBERS: Final[dict[int, TaskKind]] = {
    1: TaskKind.ROLE_MODEL,
    9: TaskKind.PROFILES,
    101: TaskKind.EXPORT,
    102: TaskKind.PREPARE,
    103: TaskKind.SYNCHRONIZE,
    104: TaskKind.EXPRESSIONS,
    105: TaskKind.CORRELATION_KEYS,
    106: TaskKind.GENERATE,
    107: TaskKind.FULFILL,
    108: TaskKind.CLASSIFICATION,
}
_HUMP: Final = re.compile(r"(?<=[a-zà-ÿ0-9])(?=[A-Z])|_")


def task_kind(identifier: str, name: str, number: int | None) -> TaskKind:
    """The kind; OTHER when neither names nor number tell it."""
    for text in (identifier, name):
        words = _HUMP.sub(" ", text)
        for kind, pattern in _PATTERNS:
            if pattern.search(words):
                return kind
    return _NUMBERS.get(number, TaskKind.OTHER) if number is not None else TaskKind.OTHER
