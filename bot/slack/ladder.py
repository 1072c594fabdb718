"""Where an action stands, rung by rung, and how it ended, in words."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.model.action import Action, ActionState, TaskProgress, Verdict
from bot.model.finding import ActionKind
from bot.model.job import RunState

DONE, UNDER_WAY, FAILED, AHEAD = "✓", "…", "✗", "○"


@dataclass(frozen=True, slots=True)
class Rung:
    """One step. `word` tells its state without the mark."""

    mark: str
    name: str
    word: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it ended: one headline and what follows from it. Empty while it is under way."""

    headline: str = ""
    text: str = ""
    compare: bool = False
    """Show the error before beside the error after."""


_TASKS: Final = {
    RunState.QUEUED: (AHEAD, "queued"),
    RunState.RUNNING: (UNDER_WAY, "running"),
    RunState.COMPLETED: (DONE, "done"),
    RunState.ERRORED: (FAILED, "failed"),
    RunState.BLOCKED: (FAILED, "blocked"),
    RunState.WARNING: (FAILED, "ended with a warning"),
    RunState.CANCELLED: (FAILED, "cancelled"),
    RunState.UNKNOWN: (UNDER_WAY, "in a state that this installation has not explained"),
}
_SENT: Final = frozenset({Verdict.EXECUTED, Verdict.VERIFIED})
_REFUTED: Final = frozenset({Verdict.REFUTED, Verdict.REFUTED_OTHERWISE})


def rungs(action: Action) -> list[Rung]:
    """From the press to the verification; what lies ahead is listed too."""
    steps: list[Rung] = []
    one_order = action.wish.kind is ActionKind.UNBLOCK_ONE
    if one_order:
        steps.append(_unblocked(action))
    if one_order and not action.wish.run_job:
        return [*steps, Rung(AHEAD, "Sent", "by the next run of its job")]
    steps.append(_launched(action))
    steps += [_task(task) for task in action.tasks]
    if one_order:
        steps += [_executed(action), _verified(action)]
    elif action.run_ended_at or action.state is ActionState.DONE:
        mark, word = _TASKS[action.run_state or RunState.UNKNOWN]
        steps.append(Rung(mark, "Run ended", word, action.run_ended_at))
    return steps


def _stopped(action: Action) -> bool:
    return action.state in {ActionState.REFUSED, ActionState.UNKNOWN}


def _unblocked(action: Action) -> Rung:
    if action.unblocked_at:
        return Rung(DONE, "Unblocked", "done", action.unblocked_at)
    if _stopped(action):
        return Rung(FAILED, "Unblocked", "no" if action.state is ActionState.REFUSED else "not known")
    return Rung(UNDER_WAY, "Unblocked", "under way")


def _launched(action: Action) -> Rung:
    run = f"run {action.run_id}" if action.run_id else ""
    if action.run_id or action.launched_at:
        word = run or "asked for, its run is not seen yet"
        return Rung(DONE if run else UNDER_WAY, "Job launched", word, action.launched_at)
    if _stopped(action):
        return Rung(FAILED, "Job launched", "no" if action.state is ActionState.REFUSED else "not known")
    return Rung(AHEAD, "Job launched", action.waits_because or "ahead")


def _task(task: TaskProgress) -> Rung:
    mark, word = _TASKS[task.state]
    return Rung(mark, task.name or task.kind.value.capitalize(), word, task.ended_at or task.started_at)


def _executed(action: Action) -> Rung:
    if action.verdict in _SENT:
        return Rung(DONE, "Executed", "accepted by the managed system", action.run_ended_at)
    if action.verdict in _REFUTED:
        return Rung(FAILED, "Executed", "refused by the managed system", action.run_ended_at)
    if action.verdict is not None or _stopped(action):
        return Rung(FAILED, "Executed", "not shown")
    if action.state is ActionState.AWAITING_VERIFICATION:
        return Rung(DONE, "Executed", "accepted by the managed system", action.run_ended_at)
    return Rung(AHEAD, "Executed", "ahead")


def _verified(action: Action) -> Rung:
    if action.verdict is Verdict.VERIFIED or action.verified_at:
        return Rung(DONE, "Verified", "seen by a synchronization", action.verified_at)
    if action.verdict is Verdict.EXECUTED or action.state is ActionState.AWAITING_VERIFICATION:
        return Rung(UNDER_WAY, "Verified", "after the next synchronization")
    if action.ended:
        return Rung(AHEAD, "Verified", "not reached")
    return Rung(AHEAD, "Verified", "ahead")


_OUTCOMES: Final = {
    Verdict.EXECUTED: Outcome("Executed."),
    Verdict.VERIFIED: Outcome("Executed and verified.", "A synchronization has read the change back."),
    Verdict.REFUTED: Outcome("Not fixed.", "Nothing else was touched.", compare=True),
    Verdict.REFUTED_OTHERWISE: Outcome(
        "Not fixed: another error now.",
        "Nothing else was touched. The new error needs a look of its own.",
        compare=True,
    ),
    Verdict.BLOCKED_AGAIN: Outcome("Blocked again.", "The order waits for a review. Nothing else was touched."),
    Verdict.INCONCLUSIVE: Outcome("Not settled.", "This run neither proves nor refutes the repair."),
    Verdict.RELEASED: Outcome("Unblocked.", "The order is pending; the next run of its job sends it."),
    Verdict.RUN_SUCCEEDED: Outcome("The run ended green.", ""),
    Verdict.RUN_FAILED: Outcome("The run failed.", "Ask for the job to see why."),
    Verdict.RUN_BLOCKED: Outcome("The run is blocked.", "A threshold was exceeded. Ask for the job to see which."),
    Verdict.RUN_WARNING: Outcome("The run ended with a warning.", "A task inside may have failed. Ask for the job."),
}


def outcome(action: Action) -> Outcome:
    if action.state is ActionState.REFUSED:
        return Outcome("Nothing was done.", action.said)
    if action.state is ActionState.UNKNOWN:
        return Outcome("Not known whether it was done.", f"{action.said} It is never sent again by itself.".strip())
    if action.verdict is None:
        if action.state is ActionState.AWAITING_VERIFICATION:
            return Outcome("Executed.", "The next synchronization verifies it.")
        return Outcome()
    known = _OUTCOMES[action.verdict]
    return Outcome(known.headline, f"{action.said} {known.text}".strip(), known.compare)
