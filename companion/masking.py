"""Secrets are taken out of a log on the host that wrote it: what was not sent cannot leak.

Rather too much is hidden than too little; names, times and error codes stay.
"""

import re
from collections.abc import Callable
from typing import Final

MASK: Final = "••••"
_HIDDEN_NAMES: Final = (
    r"password|passwd|passphrase|pwd|secret|token|api[ _-]?key|access[ _-]?key|account[ _-]?key|private[ _-]?key"
    r"|shared[ _-]?access[ _-]?(?:key|signature)|mot de passe"
)
_FEWEST_OF_EACH: Final = 4
"""Small letters, capitals and digits of a random key; a path or a name has fewer of one of them."""
_Replacement = str | Callable[[re.Match[str]], str]


def _assignment(found: re.Match[str]) -> str:
    return f"{found['name']}{found['is']}{MASK}"


def _if_random(found: re.Match[str]) -> str:
    text = found.group()
    counts = (sum(map(kind, text)) for kind in (str.islower, str.isupper, str.isdigit))
    return MASK if min(counts) >= _FEWEST_OF_EACH else text


_RULES: Final[tuple[tuple[re.Pattern[str], _Replacement], ...]] = (
    (re.compile(r"-----BEGIN [^-]+-----[\s\S]*?(?:-----END [^-]+-----|\Z)"), MASK),
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?"), MASK),
    (re.compile(r"(?i)\b(Bearer|Basic|Negotiate|NTLM)\s+[\w.~+/=-]{8,}"), rf"\1 {MASK}"),
    (re.compile(r"(?i)(://[^\s/:@]*:)[^\s@/]+@"), rf"\1{MASK}@"),
    (
        re.compile(
            rf"(?i)(?P<name>[\"']?\b[\w.-]*(?:{_HIDDEN_NAMES})[\"']?)(?P<is>\s*(?:=|:=|:(?!/))\s*)"
            r"(?P<value>\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|[^\s;,&\"'<>(){}]+)"
        ),
        _assignment,
    ),
    (re.compile(r"(?i)(\s--?(?:password|pwd|secret|token|api-?key)\s+)\S+"), rf"\1{MASK}"),
    (re.compile(r"(?<![\w+/=-])[\w+/-]{40,}={0,2}(?![\w+/=-])"), _if_random),
)


def masked(text: str) -> str:
    """The text with the values of secrets replaced by a mark."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text
