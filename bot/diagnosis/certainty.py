"""How sure a judgement may be (troubleshooting 2.0)."""

from bot.model.finding import Certainty


def at_most(certainty: Certainty, ceiling: Certainty) -> Certainty:
    """The weaker of two."""
    return certainty if certainty.rank <= ceiling.rank else ceiling


def lowered_if(certainty: Certainty, *unread: bool) -> Certainty:
    """One step less for the cause when any piece of evidence that it needs was not read."""
    return certainty.lowered() if any(unread) else certainty
