"""The offer to relaunch a connector's complete job, and what stands against it."""

from collections.abc import Iterable

from bot.diagnosis.fingerprint import job_fingerprint
from bot.model.finding import ActionKind, Offer
from bot.model.job import Job, JobRun


def relaunch_complete(
    complete: Job | None, runs: Iterable[JobRun], why_not: str = "", *, will_stop: bool = False
) -> Offer:
    """`why_not` is the diagnosis' own reason against it, which comes first; `runs` are what was seen of the job.

    `will_stop`: what it would change is past a threshold.
    """
    if complete is None:
        why_not = why_not or "Which job is the complete one of this connector is not known: name it in the settings."
    elif complete.user_start_denied:
        why_not = why_not or "Identity Manager does not let people start the complete job."
    announced = " (will stop at a threshold)" if will_stop and not why_not else ""
    return Offer(
        ActionKind.RELAUNCH_COMPLETE,
        complete.id if complete else "",
        f"Relaunch in complete mode{announced}",
        allowed=not why_not,
        why_not=why_not,
        seen=job_fingerprint(complete, runs) if complete else "",
    )
