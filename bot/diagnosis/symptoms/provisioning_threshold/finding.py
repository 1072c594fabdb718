"""A blocked generation of orders judged. Pure."""

from datetime import datetime
from typing import Final

from bot.diagnosis import links
from bot.diagnosis.complete_run import relaunch_complete
from bot.diagnosis.symptoms.provisioning_threshold.evidence import Evidence
from bot.diagnosis.symptoms.provisioning_threshold.judging import (
    DANGEROUS,
    LEGITIMATE,
    Cause,
    Verdict,
    counts_of,
    judge,
    last_good,
)
from bot.diagnosis.words import number, percent, title
from bot.model.finding import ActionKind, Certainty, Fact, Finding, Offer, Remark
from bot.model.job import JobRun
from bot.model.order import ChangeType

NUMBER: Final = 7
_SHOWN_LIMITS: Final = 3
_SAYS: Final = {
    "7a": "identity data were lost",
    "7b": "a rule was changed",
    "7c": "one value changes everywhere",
    "7d": "only links change",
    "7e": "accounts would be made anew",
    "7f": "the owners have left",
    "7g": "it looks like a reorganisation",
    "7h": "a small number, a tight limit",
    "7i": "it has piled up",
    "7j": "existing accounts are not known",
}
_NEXT: Final = {
    "7a": "Repair the identities' source, synchronize it completely, recompute, then count again. Do not force.",
    "7b": "Restore or correct the rule, recompute one of the owners, compare. Do not force.",
    "7c": "Look why the value changes; correct rule or data, recompute one person, compare. Do not force.",
    "7d": "Look at the navigation rules and the role catalogue; recompute one person, compare.",
    "7e": "Find out which key or correlation rule changed. Do not force: accounts would be deleted and made anew.",
    "7f": "An approver resumes the run after a look at the list of leavers.",
    "7g": "Ask whether a reorganisation was announced; if it was, an approver resumes the run with that reason.",
    "7h": "An approver resumes the run; look whether the limit fits so few accounts.",
    "7i": "An approver resumes the run: it is what has piled up.",
    "7j": "Repair and synchronize the target completely, then keys and role model. Do not force.",
}
_VERIFY: Final = (
    "Resumed: the generation completes, the fulfilment runs and as many orders are executed as were announced. "
    "Repaired: the counts fall below the limit and the next run is not blocked."
)
_RECOMPUTE: Final = "Recompute this user (helpdesk workflow up to Access Permissions)"
"""A person does it in Identity Manager, without validating: no installation is known to expose it."""
_DANGER: Final = "Forcing it would carry out what a fault has computed."


def diagnose(evidence: Evidence, now: datetime) -> Finding:
    """The finding of one blocked generation."""
    if evidence.task is None:
        return Finding(
            symptom=NUMBER,
            cause=None,
            certainty=Certainty.UNKNOWN,
            title="No blocked provisioning seen",
            text="No generation of orders is blocked as far as can be seen.",
            missing=evidence.missing,
            links=(links.vendor_page(NUMBER),),
            as_of=now,
        )
    verdict = judge(evidence, now)
    first = verdict.causes[0] if verdict.causes else None
    return Finding(
        symptom=NUMBER,
        cause=first.row if first else None,
        certainty=first.certainty if first else Certainty.UNKNOWN,
        title=title(_title(evidence, verdict, first), evidence.connector),
        text=first.why if first else _without_cause(evidence, verdict),
        next=_NEXT[first.row]
        if first
        else "Look at the pending orders and ask who changed rules or data. Do not force.",
        verify=_VERIFY,
        evidence=_facts(evidence, verdict, now),
        contributing=tuple(Remark(one.row, one.why) for one in verdict.causes[1:]),
        ruled_out=verdict.ruled_out,
        offers=_offers(evidence, verdict, first),
        missing=evidence.missing,
        links=(
            links.job_results(
                evidence.site,
                run_id=evidence.task.job_run_id,
                job_id=evidence.run.job_id if evidence.run else None,
                connector=evidence.connector.name if evidence.connector else "",
            ),
            links.vendor_page(NUMBER),
        ),
        say_to_caller="Changes to one system wait for a check, since unusually many came at once.",
        as_of=min((page.read_at for page in (evidence.orders, evidence.recent) if page), default=now),
        tables=verdict.tables,
    )


def _without_cause(evidence: Evidence, verdict: Verdict) -> str:
    if evidence.orders is None:
        return "It is blocked by a threshold; what would leave could not be read, so it cannot be judged here."
    if not verdict.exceeded:
        return "It is blocked by a threshold; this environment does not show which one."
    return "More orders would leave than a threshold lets through; nothing that was read explains why."


def _title(evidence: Evidence, verdict: Verdict, first: Cause | None) -> str:
    name = evidence.connector.name if evidence.connector else "The"
    if verdict.main is None:
        return f"{name} provisioning stopped at a threshold"
    counts = counts_of(evidence)[verdict.main[0]]
    change = verdict.main[1]
    count = {
        ChangeType.CREATE: counts.inserted,
        ChangeType.UPDATE: counts.updated,
        ChangeType.DELETE: counts.deleted,
    }[change]
    word = {ChangeType.CREATE: "creations", ChangeType.UPDATE: "changes", ChangeType.DELETE: "deletions"}[change]
    of = f" ({percent(count, counts.stored)})" if counts.stored else ""
    prefix = "" if evidence.orders and evidence.orders.exact else "at least "
    said = _SAYS[first.row] if first else "the cause is not known"
    return f"{name} provisioning stopped: {prefix}{number(count)} {word}{of}: {said}"


def _facts(evidence: Evidence, verdict: Verdict, now: datetime) -> tuple[Fact, ...]:
    task = evidence.task
    source = f"job run {task.job_run_id}" if task else ""
    at = (task.ended_at or task.started_at if task else None) or now
    facts = [Fact("Threshold", one.told, source, at) for one in verdict.exceeded[:_SHOWN_LIMITS]]
    for one in verdict.tables:
        stored = f"{number(one.stored)} accounts, " if one.stored is not None else ""
        prefix = "" if one.exact else "at least "
        facts.append(
            Fact(
                one.name,
                f"{stored}{prefix}{number(one.inserted)} creations, {number(one.updated)} changes, "
                f"{number(one.deleted)} deletions pending",
                "provisioning orders",
                evidence.orders.read_at if evidence.orders else now,
            )
        )
    if (good := last_good(evidence)) is not None:
        facts.append(Fact("Last good generation", good.name, f"job run {good.job_run_id}", good.ended_at))
    facts.extend(
        Fact(f"Rule of {rule.property}", rule.kind, f"rule {rule.id}", rule.changed_at or now)
        for rule in list(evidence.property_rules or ())[:2]
    )
    return tuple(facts)


def _offers(evidence: Evidence, verdict: Verdict, first: Cause | None) -> tuple[Offer, ...]:
    task = evidence.task
    if task is None:
        return ()
    if evidence.orders is None:
        why_not = "What would leave cannot be counted: it cannot be forced from here."
    elif first is None:
        why_not = "The cause is not known."
    elif first.row in DANGEROUS:
        why_not = _DANGER
    elif first.row not in LEGITIMATE:
        why_not = "A rule or data must be repaired first."
    else:
        why_not = ""
    offers = [
        Offer(
            ActionKind.RESUME,
            task.job_run_id,
            "Resume past the threshold",
            allowed=not why_not,
            why_not=why_not,
            seen="|".join(f"{one.name}:{one.inserted}:{one.updated}:{one.deleted}" for one in verdict.tables),
            danger=True,
        )
    ]
    owner = next((one.owner_id for one in evidence.orders or () if one.owner_id), None)
    if first is not None and first.row in {"7b", "7c"} and owner is not None:
        offers.append(Offer(ActionKind.RECOMPUTE_ONE, owner, _RECOMPUTE))
    if first is not None and first.row == "7j":
        complete = evidence.landscape.complete_job(evidence.connector_id, evidence.job, evidence.site)
        runs: tuple[JobRun, ...] = evidence.subject.recent or ((evidence.run,) if evidence.run else ())
        if complete is not None:
            offers.append(relaunch_complete(complete, runs))
    screen = links.job_results(
        evidence.site,
        run_id=task.job_run_id,
        job_id=evidence.run.job_id if evidence.run else None,
        connector=evidence.connector.name if evidence.connector else "",
    )
    return (*offers, *links.opening(screen))
