"""What a rule reads of a person, what of a source says the same, and where somebody belongs. Pure."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from bot.model.value import PropertyRule

_MOST_INPUTS: Final = 8
_MOST_SHOWN: Final = 24
"""Properties of a source record that come along with its name."""
_UNITS: Final = (
    re.compile(r"organi[sz]ation|department|unit", re.IGNORECASE),
    re.compile(r"site|location|country", re.IGNORECASE),
)
_NUMBERED: Final = re.compile(r"(.*[^\W\d_]) ?(?:[2-9]|[1-9]\d)")
_MEMBER: Final = re.compile(r"\b[A-Za-z_]\w*((?:\??\.[A-Za-z_]\w*)+)")
_METHODS: Final = frozenset(
    """
    ToLower ToUpper Trim Substring Replace StartsWith EndsWith Contains ToString Split Join Format Length Value HasValue
    ToUpperInvariant ToLowerInvariant PadLeft PadRight IsNullOrEmpty IsNullOrWhiteSpace Empty
    """.split()
)


def inputs_of(rules: Sequence[PropertyRule], known: Sequence[str]) -> tuple[str, ...]:
    """Properties of the person that the rules' expressions read, by path: "MainRecord.LastName".

    Only what the entity type is known to have; a path is cut before the first method.
    """
    heads = {name.lower(): name for name in known}
    found: list[str] = []
    for rule in rules:
        for match in _MEMBER.finditer(rule.expression):
            parts = [part for part in match.group(1).replace("?", "").split(".") if part]
            path: list[str] = []
            for part in parts:
                if part in _METHODS:
                    break
                path.append(part)
            if path and (not heads or path[0].lower() in heads):
                found.append(".".join(path))
        bare = rule.expression.strip()
        if re.fullmatch(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*", bare) and bare.split(".")[0].lower() in heads:
            found.append(bare)
    return tuple(dict.fromkeys(found))[:_MOST_INPUTS]


def pairs_for(inputs: Sequence[str], person: Sequence[str], source: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """What of the identity can be compared with its source.

    The same name on both sides; for a link to another table the code, key or id beside it, on both sides or as the
    identifier of what is linked.
    """
    theirs, ours = {name.lower(): name for name in source}, {name.lower(): name for name in person}
    found: list[tuple[str, str]] = []
    for path in inputs:
        name = path.rsplit(".", 1)[-1].lower()
        twins = [f"{name}{end}" for end in ("code", "key", "id")]
        twin = next((one for one in twins if one in theirs), None)
        if twin is not None:
            found.append((ours[twin], theirs[twin]) if twin in ours else (f"{path}.Identifier", theirs[twin]))
        elif name in theirs:
            found.append((path, theirs[name]))
    return tuple(dict.fromkeys(found))


def alike_by_type(person_type: str, names: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Properties of each other entity type that say what one of the person's says."""
    own = names.get(person_type, ())
    found = {kind: pairs_for(own, own, theirs) for kind, theirs in names.items() if kind != person_type}
    return {
        kind: tuple(dict.fromkeys(name for _, name in pairs))[:_MOST_SHOWN] for kind, pairs in found.items() if pairs
    }


def unit_of(shared: Sequence[str]) -> str:
    """The property that tells where somebody belongs: the organisation, else the place."""
    return next((name for pattern in _UNITS for name in shared if pattern.search(name)), "")


def without_number(value: str) -> str:
    """ "jdoe" of "jdoe2", "ann.lee@x" of "ann.lee2@x"; "" where no small number stands behind a name."""
    local, at, domain = value.partition("@")
    found = _NUMBERED.fullmatch(local)
    return f"{found.group(1)}{at}{domain}" if found else ""
