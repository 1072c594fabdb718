"""An answer as the object that `nimdesk ask --format json` prints: a contract that scripts rely on."""

from datetime import UTC, datetime
from typing import Any

from bot.desk.wording import push_line
from bot.model.answer import Answer, Section
from bot.model.finding import Certainty, ChainLink, Fact, Finding, Group, Offer, Outlook, Remark

Json = dict[str, Any]
_NOTHING_FOUND = Finding(symptom=None, cause=None, certainty=Certainty.UNKNOWN, title="", text="")


def as_object(answer: Answer) -> Json:
    finding = answer.finding or _NOTHING_FOUND
    missing = (*answer.missing, *finding.missing)
    return {
        "kind": answer.kind.value,
        "env": answer.env or None,
        "symptom": finding.symptom,
        "cause": finding.cause,
        "certainty": finding.certainty.value,
        "contributing": [_remark(one) for one in finding.contributing],
        "ruled_out": [_remark(one) for one in finding.ruled_out],
        "title": finding.title or answer.title,
        "text": finding.text or answer.text,
        "next": finding.next or answer.next,
        "verify": finding.verify,
        "evidence": [_fact(one) for one in finding.evidence],
        "groups": [_group(one) for one in finding.groups],
        "offers": [_offer(one) for one in (*finding.offers, *answer.offers)],
        "missing": [{"what": one.what, "why": one.why, "look_at": one.look_at} for one in missing],
        "choices": [
            {"label": one.label, "verb": one.intent.verb.value, "thing": one.intent.thing} for one in answer.choices
        ],
        "sections": [_section(one) for one in answer.sections],
        "chain": [_link(one) for one in finding.chain],
        "outlook": _outlook(finding.outlook),
        "push": push_line(finding, answer.env_label) if answer.finding else "",
        "say_to_caller": finding.say_to_caller,
        "links": [{"label": one.label, "path": one.path, "url": one.url} for one in (*finding.links, *answer.links)],
        "as_of": moment(finding.as_of or answer.as_of),
        "requests": len(answer.requests),
    }


def moment(at: datetime | None) -> str | None:
    """ISO 8601 in UTC, to the second."""
    return None if at is None else at.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def _remark(one: Remark) -> Json:
    return {"row": one.row, "why": one.why}


def _fact(one: Fact) -> Json:
    return {"label": one.label, "value": one.value, "source": one.source, "at": moment(one.at)}


def _link(one: ChainLink) -> Json:
    return {
        "name": one.name,
        "mark": one.mark.value,
        "text": one.text,
        "source": one.source,
        "at": moment(one.at),
    }


def _outlook(one: Outlook | None) -> Json | None:
    if one is None:
        return None
    return {
        "heals": one.heals,
        "text": one.text,
        "next_at": moment(one.next_at),
        "healed": one.healed,
        "seen": one.seen,
    }


def _offer(one: Offer) -> Json:
    return {
        "action": one.action.value,
        "target": one.target,
        "label": one.label,
        "allowed": one.allowed,
        "why_not": one.why_not,
    }


def _group(one: Group) -> Json:
    return {
        "key": one.key,
        "class": one.error_class,
        "cause": one.cause,
        "certainty": one.certainty.value,
        "count": one.count,
        "exact": one.exact,
        "resource_type": one.resource_type,
        "change_type": one.change_type,
        "sample": one.sample,
        "evidence": [_fact(fact) for fact in one.evidence],
        "offers": [_offer(offer) for offer in one.offers],
    }


def _section(one: Section) -> Json:
    return {
        "title": one.title,
        "rows": [
            {
                "title": row.title,
                "mark": row.mark,
                "cells": [
                    cell.text if cell.at is None else f"{cell.text} {moment(cell.at)}".strip() for cell in row.cells
                ],
            }
            for row in one.rows
        ],
        "more": one.more,
        "at_least": one.at_least,
    }
