"""A blocked synchronization judged: what would change, what such a pattern means, who decides. Pure."""

from datetime import datetime
from typing import Final

from bot.diagnosis import links, measuring
from bot.diagnosis.complete_run import relaunch_complete
from bot.diagnosis.masking import shown_value
from bot.diagnosis.measuring import of_kind
from bot.diagnosis.patterns import LEGITIMATE, Pattern
from bot.diagnosis.symptoms.sync_threshold import after_resume, past
from bot.diagnosis.symptoms.sync_threshold.evidence import Evidence
from bot.diagnosis.symptoms.sync_threshold.judging import Verdict, judge
from bot.diagnosis.symptoms.sync_threshold.past import Usual
from bot.diagnosis.symptoms.sync_threshold.tables import Judged, delivered_again, file_of, written_since
from bot.diagnosis.words import counted, lasted, moment, number, percent, title
from bot.model.change import Operation
from bot.model.file import AgentFile
from bot.model.finding import ActionKind, Certainty, Fact, Finding, Offer, Remark, TableChange
from bot.model.job import Job, JobRun, RunState, TaskRun

NUMBER: Final = 3
SAMPLES: Final = 20
_SHOWN_SAMPLES: Final = 3
_SHOWN_LIMITS: Final = 3
_SHOWN_PROPERTIES: Final = 4

_SAYS: Final = {
    Pattern.EMPTY_FILE: "the file is blank or cut down",
    Pattern.TRUNCATED: "the file is cut off",
    Pattern.KEY_FORMAT: "the keys changed their format",
    Pattern.KEY_COLUMN: "another column is used as key",
    Pattern.REPLACED_DATA: "it is another file altogether",
    Pattern.COLUMN_SWAP: "two columns are exchanged",
    Pattern.COLUMN_LOST: "a column is missing",
    Pattern.DATE_FORMAT: "the date format changed",
    Pattern.ENCODING: "the encoding changed",
    Pattern.CASE_OR_SPACE: "only case and spaces changed",
    Pattern.SCOPE_LOSS: "one place has left the export",
    Pattern.SCOPE_GAIN: "one place has come into the export",
    Pattern.LINK_COLLAPSE: "links would be lost",
    Pattern.FIRST_LOAD: "a first synchronization",
    Pattern.REORG: "it looks like a reorganisation",
    Pattern.BULK_HIRE: "it looks like an intake of people",
    Pattern.LEAVER_WAVE: "it looks like a wave of leavers",
    Pattern.SMALL_TABLE: "a small table, a tight limit",
    Pattern.CATCH_UP: "several days come at once",
}
_TOLD_BY: Final = {
    Pattern.EMPTY_FILE: "delete",
    Pattern.TRUNCATED: "delete",
    Pattern.SCOPE_LOSS: "delete",
    Pattern.LEAVER_WAVE: "delete",
    Pattern.SCOPE_GAIN: "insert",
    Pattern.BULK_HIRE: "insert",
}
"""The kind of change that a pattern is about, however many others there are."""
_NEXT: Final = {
    "3a": "{owner} delivers the file again; do not resume. Then relaunch in complete mode.",
    "3b": "{owner} delivers the data in the format of before; do not resume. Then relaunch in complete mode.",
    "3c": "{owner} checks what happened to that place (filter, move, lost right to read); do not resume before that.",
    "3d": "An approver resumes the run: a first synchronization exceeds every threshold.",
    "3e": "Ask who has planned this change; with that reason an approver resumes the run.",
    "3f": "An approver resumes the run; look whether the limit fits a table of this size.",
    "3g": "An approver resumes the run: it is what has piled up.",
    "3h": "Nothing has to be done.",
}
_DANGER: Final = {
    Pattern.KEY_FORMAT: "Resuming would create everybody anew: history and ownership break.",
    Pattern.KEY_COLUMN: "Resuming would create everybody anew: history and ownership break.",
    Pattern.REPLACED_DATA: "Resuming would replace everybody by others.",
    Pattern.EMPTY_FILE: "Resuming would delete nearly everything.",
    Pattern.TRUNCATED: "Resuming would delete what was cut off.",
    Pattern.SCOPE_LOSS: "Resuming would delete a whole place.",
    Pattern.LINK_COLLAPSE: "Resuming would take memberships and other links away.",
}
_DECIDE: Final = (
    "Decide with {owner}: they deliver the old spelling again, or an approver resumes and the new one is provisioned."
)
_VERIFY: Final = (
    "Resumed: the run leaves the blocked state and as many rows are applied as were announced. Relaunched: the new run "
    "is not blocked and nearly nothing changes. It may then stop at a provisioning threshold: that is the next step."
)
_CALLER: Final = "New data of one system wait for a check before they are taken over."


def diagnose(evidence: Evidence, now: datetime) -> Finding:
    """The finding of one blocked synchronization."""
    verdict = judge(evidence, now)
    if evidence.task is None and verdict.let_through is None:
        return _nothing_blocked(evidence, now)
    connector = evidence.connector
    name = connector.name if connector else "The connector"
    owner = evidence.site.owners.get(connector.identifier, "") if connector else ""
    team = f"The {name} team ({owner})" if owner else f"The {name} team"
    danger = f" {_DANGER[verdict.pattern]}" if verdict.pattern in _DANGER else ""
    pages = [table.changes for table in evidence.tables if table.changes] + [evidence.stored, evidence.recent]
    return Finding(
        symptom=NUMBER,
        cause=verdict.row,
        certainty=verdict.certainty,
        title=title(_title(name, verdict), connector),
        text=f"{_going_on(evidence)}{verdict.why}{danger}",
        next=_next(evidence, verdict, team),
        verify=_verify(verdict),
        evidence=_facts(evidence, verdict, now),
        contributing=_contributing(evidence, verdict),
        ruled_out=_ruled_out(verdict),
        offers=_offers(evidence, verdict),
        missing=evidence.missing,
        links=(
            links.synchronization_changes(evidence.site, _run_id(evidence, verdict), name if connector else ""),
            links.vendor_page(NUMBER),
        ),
        say_to_caller=after_resume.CALLER if verdict.wrongly_resumed else _CALLER,
        as_of=min((page.read_at for page in pages if page is not None), default=now),
        tables=tuple(
            TableChange(
                one.table.mapping.entity_type,
                one.counts.stored,
                one.counts.inserted,
                one.counts.updated,
                one.counts.deleted,
                one.exact,
            )
            for one in verdict.tables
        ),
    )


def _going_on(evidence: Evidence) -> str:
    going = past.being_resumed(evidence.recent or (), evidence.task)
    if going is None:
        return ""
    return f"Somebody is resuming it: run {going.job_run_id} is in progress since {moment(going.started_at)}. "


def _run_id(evidence: Evidence, verdict: Verdict) -> str:
    """The run whose changes are the matter: the blocked one, else the one that went on past the threshold."""
    if evidence.task is not None:
        return evidence.task.job_run_id
    return verdict.let_through.task.job_run_id if verdict.let_through else ""


def _next(evidence: Evidence, verdict: Verdict, team: str) -> str:
    if verdict.wrongly_resumed:
        return after_resume.NEXT.format(owner=team)
    if verdict.let_through is not None and verdict.row == "3h":
        return "Nothing has to be done, where the changes were meant."
    if verdict.let_through is not None and verdict.row is None:
        return "Compare how many rows are stored with how many the source holds: /nim sync tells both."
    if verdict.pattern is Pattern.CASE_OR_SPACE:
        return _DECIDE.format(owner=team)
    if verdict.let_through is not None and verdict.row == "3e":
        return "An approver compares a few of the rows with those that were deleted, then resumes the run."
    if verdict.row == "3a" and verdict.main and delivered_again(evidence, verdict.main):
        return "The file has been delivered again since: relaunch in complete mode; do not resume."
    return _NEXT.get(
        verdict.row or "", "Open Synchronization Changes and judge them there; do not resume from here."
    ).format(owner=team)


def _verify(verdict: Verdict) -> str:
    if verdict.row in {None, "3h"}:
        return ""
    return after_resume.VERIFY if verdict.wrongly_resumed else _VERIFY


def _contributing(evidence: Evidence, verdict: Verdict) -> tuple[Remark, ...]:
    now_blocked = evidence.task.job_run_id if evidence.task and verdict.main else ""
    resumed = after_resume.remarks(verdict.let_through, now_blocked) if verdict.let_through else ()
    return resumed + tuple(
        Remark("3", f"{one.table.mapping.entity_type}: {_SAYS.get(one.match.pattern, 'no single pattern')}")
        for one in verdict.tables
        if one is not verdict.main and one.counts.inserted + one.counts.updated + one.counts.deleted
    )


def _title(name: str, verdict: Verdict) -> str:
    if verdict.let_through is not None and (verdict.main is None or verdict.wrongly_resumed):
        return after_resume.title(name, verdict.let_through)
    if verdict.row == "3h":
        return f"{name} was blocked by a threshold, and is not any more"
    main = verdict.main
    if main is None:
        return f"{name} synchronization is blocked by a threshold"
    counts = main.counts
    if verdict.pattern is Pattern.LINK_COLLAPSE:
        return f"{name} sync stopped: it would remove {counted(counts.links_deleted, 'link')} and hardly a row"
    kinds = {"delete": counts.deleted, "insert": counts.inserted, "change": counts.updated}
    told_by = _TOLD_BY.get(verdict.pattern or Pattern.MIXED)
    biggest = (told_by, kinds[told_by]) if told_by else max(kinds.items(), key=lambda one: one[1])
    of = f" of {number(counts.stored)}" if counts.stored and biggest[0] != "insert" else ""
    told = number(biggest[1]) if main.exact else f"at least {number(biggest[1])}"
    said = verdict.said or _SAYS.get(verdict.pattern or Pattern.MIXED, "no single pattern")
    return f"{name} sync stopped: it would {biggest[0]} {told}{of} rows: {said}"


def _facts(evidence: Evidence, verdict: Verdict, now: datetime) -> tuple[Fact, ...]:
    task = evidence.task
    before = after_resume.facts(verdict.let_through, evidence.resumed_run) if verdict.let_through else []
    source = f"job run {task.job_run_id}" if task else ""
    at = (task.ended_at or task.started_at if task else None) or now
    facts = before + [Fact("Threshold", one.told, source, at) for one in verdict.exceeded[:_SHOWN_LIMITS]]
    for one in verdict.tables:
        counts = one.counts
        stored = f"{number(counts.stored)} stored, " if counts.stored is not None else ""
        prefix = "" if one.exact else "at least "
        facts.append(
            Fact(
                one.table.mapping.entity_type,
                f"{stored}{prefix}{number(counts.inserted)} inserted, {number(counts.updated)} updated, "
                f"{number(counts.deleted)} deleted",
                source,
                one.table.changes.read_at if one.table.changes else now,
            )
        )
    if (links := _links_of(verdict)) is not None:
        facts.append(Fact("Links", links, source, at))
    if verdict.pattern is Pattern.CATCH_UP and verdict.usual is not None:
        facts.append(_of_usual_days(verdict.usual))
    if verdict.main is not None:
        facts += _of_main(evidence, verdict.main, now)
    if verdict.newer is not None:
        facts.append(
            Fact("Complete since", "synchronized", f"job run {verdict.newer.job_run_id}", verdict.newer.ended_at)
        )
    return tuple(facts)


def _links_of(verdict: Verdict) -> str | None:
    counted_with = next((one.counts for one in verdict.tables if one.counts.links_deleted), None)
    if counted_with is None:
        return None
    return f"{number(counted_with.links_inserted)} added, {number(counted_with.links_deleted)} removed"


def _of_usual_days(usual: Usual) -> Fact:
    return Fact(
        "Usual day",
        f"{number(round(usual.changes))} changes (middle of {counted(usual.days, 'day')}); "
        f"none was applied for {lasted(usual.idle)}",
        f"job run {usual.last.job_run_id}",
        usual.last.ended_at,
    )


def _of_main(evidence: Evidence, main: Judged, now: datetime) -> list[Fact]:
    facts = []
    changes = main.table.changes
    at = changes.read_at if changes else now
    source = f"changes of {main.table.mapping.entity_type}"
    updates = of_kind(changes or (), Operation.UPDATE)
    if main.shares:
        told = [
            f"{name} {percent(round(share * len(updates)), len(updates))}"
            for name, share in list(main.shares.items())[:_SHOWN_PROPERTIES]
        ]
        facts.append(Fact("Changed properties", ", ".join(told), source, at))
    if main.place:
        facts.append(Fact("Common place", main.place, source, at))
    if (file := file_of(evidence, main.table)) is not None:
        rows = f", {counted(file.rows, 'row')}" if file.rows is not None else ""
        before = file.previous
        earlier = ""
        if before is not None and before.rows is not None:
            earlier = f" (before {number(before.rows)} rows)"
        elif before is not None and before.size is not None:
            earlier = f" (before {number(before.size)} bytes)"
        facts_of_it = f"{number(file.size)} bytes{rows}{earlier}{_rejected(file)}"
        label = "File written since" if written_since(evidence, file) else "File"
        facts.append(Fact(label, f"{file.name}: {facts_of_it}", file.name, file.modified_at))
    stored: dict[str, dict[str, str]] = {
        one.id: one.properties for page in (evidence.stored, evidence.olds) for one in page or ()
    }
    for one in measuring.evenly(list(changes or ()), _SHOWN_SAMPLES):
        old = stored.get(one.resource_id, {}) if evidence.stored_of == main.table.mapping.entity_type else {}
        values = "; ".join(
            f"{name}: {shown_value(name, old.get(name)) or '–'} → {shown_value(name, value) or '–'}"
            for name, value in list(one.values.items())[:_SHOWN_PROPERTIES]
        )
        facts.append(Fact("Sample", f"{one.operation.value} {one.key} {values}".strip(), source, at, private=True))
    return facts


def _rejected(file: AgentFile) -> str:
    count = (file.null_key_rows or 0) + (file.duplicate_key_rows or 0)
    return f", {number(count)} rejected for their key" if count else ""


def _ruled_out(verdict: Verdict) -> tuple[Remark, ...]:
    main = verdict.main
    if main is None:
        return ()
    counts = main.counts
    if verdict.row == "3a" and main.exact and not counts.updated:
        return (Remark("3e", "a reorganisation: nothing is updated and nearly nothing inserted"),)
    if verdict.row == "3b" and verdict.pattern is not None:
        return (Remark("3e", "a planned change: it follows the format, not the business"),)
    if verdict.row == "3c":
        return (Remark("3e", "leavers: the rows have no end date that is over"),)
    if verdict.pattern is Pattern.LEAVER_WAVE:
        return (Remark("3a", "a cut file: the rows' end dates are over"),)
    return ()


def _still_running(evidence: Evidence) -> TaskRun | None:
    return next((one for one in evidence.recent or () if one.state is RunState.RUNNING and one.ended_at is None), None)


def _offers(evidence: Evidence, verdict: Verdict) -> tuple[Offer, ...]:
    if verdict.row == "3h" or (verdict.let_through and verdict.main is None and not verdict.wrongly_resumed):
        return ()
    running = _still_running(evidence)
    busy = f"Run {running.job_run_id} of this connector is in progress; wait until it has ended." if running else ""
    changes = links.opening(
        links.synchronization_changes(
            evidence.site, _run_id(evidence, verdict), evidence.connector.name if evidence.connector else ""
        )
    )
    if evidence.task is None or verdict.wrongly_resumed:
        return (_complete_run(evidence, busy), *changes)
    task = evidence.task
    legitimate = (verdict.pattern in LEGITIMATE or verdict.row == "3e") and verdict.certainty is not Certainty.UNKNOWN
    if verdict.main is None:
        no_resume = "What would change cannot be read: it cannot be judged from here."
    elif legitimate:
        no_resume = busy
    else:
        no_resume = _DANGER.get(verdict.pattern or Pattern.MIXED, "The pattern does not speak for a legitimate change.")
    resume = Offer(
        ActionKind.RESUME,
        task.job_run_id,
        "Resume past the threshold",
        allowed=not no_resume,
        why_not=no_resume,
        seen=_seen(verdict),
        danger=True,
    )
    again = "It would stop at the same threshold again: an approver resumes the run instead." if legitimate else ""
    return (resume, _complete_run(evidence, busy or again), *changes)


def _complete_run(evidence: Evidence, why_not: str) -> Offer:
    job = evidence.job or _job_of(evidence.resumed_run, evidence)
    complete = evidence.landscape.complete_job(evidence.connector_id, job, evidence.site)
    runs: tuple[JobRun, ...] = evidence.subject.recent or ((evidence.run,) if evidence.run else ())
    return relaunch_complete(complete, runs, why_not)


def _job_of(run: JobRun | None, evidence: Evidence) -> Job | None:
    return evidence.landscape.job(run.job_id) if run else None


def _seen(verdict: Verdict) -> str:
    """The counts that were shown: a resume is refused when they are others."""
    return "|".join(
        f"{one.table.mapping.entity_type}:{one.counts.inserted}:{one.counts.updated}:{one.counts.deleted}"
        for one in sorted(verdict.tables, key=lambda one: one.table.mapping.entity_type)
    )


def _nothing_blocked(evidence: Evidence, now: datetime) -> Finding:
    name = evidence.landscape.connector(evidence.subject.connector_id)
    unread = evidence.recent is None
    return Finding(
        symptom=NUMBER,
        cause=None,
        certainty=Certainty.UNKNOWN,
        title=title(f"{name.name if name else 'Synchronization'}: no blocked synchronization seen"),
        text="The runs could not be read." if unread else "No synchronization of it is blocked as far as can be seen.",
        missing=evidence.missing,
        links=(links.vendor_page(NUMBER),),
        as_of=now,
    )
