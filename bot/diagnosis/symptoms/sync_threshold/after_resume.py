"""What is said of a blocked synchronization that a person has let through. Pure."""

from typing import Final

from bot.diagnosis.symptoms.sync_threshold.past import LetThrough
from bot.diagnosis.words import counted, moment, number
from bot.model.finding import Fact, Remark
from bot.model.job import JobRun

NEXT: Final = (
    "{owner} delivers the data again as before; then relaunch in complete mode. That run stops at its threshold for "
    "insertions, since the rows come back: an approver resumes it. Hold back provisioning until then."
)
VERIFY: Final = "The complete run inserts about as many rows as were deleted; what depends on them is there unchanged."
CALLER: Final = "Data of one system were lost when they were taken over; they are being brought back."


def title(name: str, resumed: LetThrough) -> str:
    if resumed.put_back is not None:
        return f"{name}: a block was resumed, and what it deleted has come back"
    if resumed.wrong and resumed.counts is not None:
        return f"{name}: a resume past the threshold has deleted {counted(resumed.counts.deleted, 'row')}"
    return f"{name} was blocked by a threshold, and somebody has resumed it"


def remarks(resumed: LetThrough, now_blocked: str) -> tuple[Remark, ...]:
    """`now_blocked` is a run that is blocked after the resume; empty where none is."""
    when, run = moment(resumed.task.started_at), resumed.task.job_run_id
    found = [Remark("5.19", f"somebody went on past the threshold at {when}, in run {run}")]
    if resumed.wrong:
        found.append(Remark("7a", "what depends on the deleted rows goes next: force no provisioning threshold now"))
    if now_blocked:
        found.append(Remark("3", f"run {now_blocked} is blocked now, measured against what the resume has left"))
    return tuple(found)


def facts(resumed: LetThrough, run: JobRun | None) -> list[Fact]:
    task, counts, back = resumed.task, resumed.counts, resumed.put_back
    by = run.started_by if run and run.started_by else "somebody who is not shown"
    source = f"job run {task.job_run_id}"
    found = [Fact("Resumed", f"by {by}", source, task.started_at, value_public="by a person")]
    if counts is not None:
        of = f" of {number(counts.stored)} rows" if counts.stored else ""
        changed = f"{number(counts.inserted)} inserted, {number(counts.updated)} updated"
        told = f"{changed}, {number(counts.deleted)} deleted{of}"
        found.append(Fact("Applied", told, source, task.ended_at or task.started_at))
    if back is not None and back.progress is not None:
        told = f"{number(back.progress.inserted or 0)} inserted"
        found.append(Fact("Came back", told, f"job run {back.job_run_id}", back.ended_at or back.started_at))
    return found
