"""The text after `/nim` as an intent: the first word is the verb, the rest is what it is about (contracts)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from bot.model.intent import Intent, Verb

_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‘": "'", "’": "'", "\u00a0": " "})
_LONG_DASH = re.compile(r"(?:^|(?<=\s))[—–](?=\w)")
_ENV_OPTION = re.compile(r"(?:^|\s)--env(?:\s+|=)(\S+)", re.IGNORECASE)
_ENV_WORDS = re.compile(r"\s+(?:in|en|dans|sur)\s+(\S+?)([?!.\s]*)$", re.IGNORECASE)
NEAR = 60.0
MOST_SUGGESTIONS = 3


@dataclass(frozen=True, slots=True)
class Understood:
    intent: Intent


@dataclass(frozen=True, slots=True)
class Unknown:
    """Words whose verb is none of ours, with the nearest ones, best first."""

    word: str
    rest: str
    env: str
    nearest: tuple[Verb, ...]


def read(text: str, verbs: Mapping[str, Verb], environments: Sequence[str]) -> Understood | Unknown:
    """Reads a command. `verbs` maps every word that a person may type to its verb; the empty text shows the desk."""
    words, env = take_environment(tidy(text), environments)
    if not words:
        return Understood(Intent(Verb.DESK, env=env))
    first, _, rest = words.partition(" ")
    verb = verbs.get(first.casefold())
    if verb is not None:
        return Understood(Intent(verb, thing=unquoted(rest), env=env))
    found = process.extract(first.casefold(), list(verbs), scorer=fuzz.ratio, limit=6, score_cutoff=NEAR)
    nearest = tuple(dict.fromkeys(verbs[word] for word, _, _ in found))[:MOST_SUGGESTIONS]
    return Unknown(word=first, rest=unquoted(rest), env=env, nearest=nearest)


def tidy(text: str) -> str:
    """Undoes what chat clients do to typed text: curly quotes, long dashes, runs of blanks."""
    if text.isascii():
        return " ".join(text.split())
    return " ".join(_LONG_DASH.sub("--", text.translate(_QUOTES)).split())


def take_environment(words: str, environments: Sequence[str]) -> tuple[str, str]:
    """Takes `--env NAME` (anywhere) or a closing `in NAME` out of the words.

    An unknown name after `--env` is kept as it was typed, so that the answer can say so; a closing "in X" that is no
    environment belongs to the words.
    """
    known = {name.casefold(): name for name in environments}
    option = _ENV_OPTION.search(words)
    if option:
        typed = option.group(1).strip('"')
        rest = words[: option.start()] + " " + words[option.end() :]
        return " ".join(rest.split()), known.get(typed.casefold(), typed)
    closing = _ENV_WORDS.search(words)
    if closing and closing.group(1).casefold() in known:
        return f"{words[: closing.start()]}{closing.group(2)}".strip(), known[closing.group(1).casefold()]
    return words.strip(), ""


def unquoted(words: str) -> str:
    """Names with spaces may be quoted or not."""
    return " ".join(words.replace('"', " ").split())
