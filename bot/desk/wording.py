"""Three lengths of one finding, and one sentence for the caller: a push line, the card, a ticket paragraph.

The card is drawn by the templates; the other lengths are plain words and are made here, of the same object. None of
them carries a name: a lock screen shows the push line, and a ticket is read by whoever works on it.
"""

import re
from datetime import UTC, datetime
from typing import Final

from bot.model.answer import Answer
from bot.model.finding import Certainty, Fact, Finding, Group

PUSH: Final = 150
"""Characters of a push line: what a telephone shows of a notification."""
MOST_FACTS: Final = 7
MOST_ORDERS: Final = 5
CERTAINTY: Final = {
    Certainty.CONFIRMED: "certain",
    Certainty.LIKELY: "probable",
    Certainty.POSSIBLE: "one possibility",
    Certainty.UNKNOWN: "unknown",
}

_PERSON_IN_A_NAME: Final = re.compile(r"(?<![\w,])CN=(?:\\.|[^,\\])+(?=,)", re.IGNORECASE)
"""The leaf of a distinguished name: it holds a person's name, what follows is the place that an expert needs."""


def push_line(finding: Finding, env_label: str = "") -> str:
    """What happened, how sure it is and who does what, as far as it fits; cut at a word."""
    where = f"{env_label}: " if env_label else ""
    line = f"{where}{_ended(finding.title_public or finding.title)} {CERTAINTY[finding.certainty].capitalize()}."
    for part in (finding.next, finding.text_public or finding.text):
        longer = f"{line} {_ended(part)}"
        if part and len(longer) <= PUSH:
            return longer
    return fitted(line, PUSH)


def to_caller(finding: Finding) -> str:
    """One sentence without technical words, to be read out on the telephone."""
    if finding.say_to_caller:
        return _ended(finding.say_to_caller)
    if finding.certainty is Certainty.UNKNOWN:
        return "We are looking into it and will call you back."
    return "We know what is wrong, and it is being repaired."


def ticket_of(answer: Answer) -> tuple[str, str]:
    """Title and text, complete by itself: cause, evidence, what was ruled out, what is next, and when it was read."""
    env = answer.env_label or answer.env
    if answer.finding is None:
        return answer.title, "\n".join(part for part in (answer.text, answer.next) if part)
    found = answer.finding.without_names()
    lines = [f"{env}: {found.title}" if env else found.title]
    if found.login:
        lines.append(f"Account: {found.login}")
    lines.append(f"Cause ({CERTAINTY[found.certainty]}): {_ended(found.text)}")
    lines += _chain(found)
    for group in found.groups:
        lines += _group(group)
    lines += _facts(found)
    lines += [f"Ruled out: {_ended(one.why)}" for one in found.ruled_out]
    lines += [f"Also contributing: {_ended(one.why)}" for one in found.contributing]
    lines += [f"Could not be read: {one.what} ({one.why.rstrip('.')})." for one in found.missing]
    if found.outlook:
        lines.append(_ended(found.outlook.text))
    for label, said in (("Next", found.next), ("Done when", found.verify), ("Told to the caller", to_caller(found))):
        if said:
            lines.append(f"{label}: {_ended(said)}")
    lines += [f"{one.label}: {one.url}" for one in found.links if one.url]
    if stamp := moment(found.as_of or answer.as_of):
        lines.append(f"As of {stamp}.")
    return found.title, "\n".join(lines)


def _chain(finding: Finding) -> list[str]:
    if not finding.chain:
        return []
    told = [f"{one.name} {one.mark.value}{f' ({one.text})' if one.mark.value != 'ok' else ''}" for one in finding.chain]
    return [f"Way to the account: {' > '.join(told)}."]


def _group(group: Group) -> list[str]:
    count = f"{group.count:,}" if group.exact else f"at least {group.count:,}"
    lines = [f"{group.title or group.sample} (orders: {count}; {CERTAINTY[group.certainty]})."]
    if group.order_ids:
        more = f" and {len(group.order_ids) - MOST_ORDERS} more" if len(group.order_ids) > MOST_ORDERS else ""
        lines.append(f"  Orders: {', '.join(group.order_ids[:MOST_ORDERS])}{more}.")
    if group.sample and group.sample != group.title:
        lines.append(f"  Error: {_nameless(group.sample)}")
    if group.next:
        lines.append(f"  Next: {_ended(group.next)}")
    return lines


def _facts(finding: Finding) -> list[str]:
    shown = finding.evidence[:MOST_FACTS]
    if not shown:
        return []
    more = len(finding.evidence) - len(shown)
    return ["Evidence:", *(f"- {_fact(fact)}" for fact in shown), *([f"- and {more} more"] if more else [])]


def _fact(fact: Fact) -> str:
    read = ", ".join(part for part in (fact.source, moment(fact.at)) if part)
    return f"{fact.label}: {_nameless(fact.value)}" + (f" ({read})" if read else "")


def _nameless(text: str) -> str:
    return _PERSON_IN_A_NAME.sub("CN=…", text)


def moment(at: datetime | None) -> str:
    """A time with its zone, as a ticket keeps it; empty for None."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if at else ""


def fitted(text: str, limit: int) -> str:
    """The text within `limit` characters, cut between words."""
    text = " ".join(text.split())
    if len(text) <= limit:
        return text
    kept = text[: limit - 1]
    head, space, _ = kept.rpartition(" ")
    return f"{(head if space and len(head) > limit // 2 else kept).rstrip(' ,;:·')}…"


def _ended(text: str) -> str:
    text = " ".join(text.split())
    return text if not text or text[-1] in ".!?:…" else f"{text}."
