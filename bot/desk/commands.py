"""All commands, in the order in which `help` lists them, and what those that write have behind their modals."""

from collections.abc import Mapping
from typing import Final

from bot.desk import (
    entitlement,
    environment,
    help,  # noqa: A004  # the command's own name
    incident,
    job,
    jobs,
    last,
    order,
    orders,
    person,
    relaunch,
    rule,
    status,
    sync,
    unblock,
    value,
    why,
)
from bot.desk.command import Command
from bot.desk.confirm import Write
from bot.model.intent import Verb

COMMANDS: Final[tuple[Command, ...]] = (
    help.COMMAND,
    status.COMMAND,
    status.DESK,
    why.COMMAND,
    person.COMMAND,
    orders.COMMAND,
    order.COMMAND,
    jobs.COMMAND,
    job.COMMAND,
    sync.COMMAND,
    value.COMMAND,
    entitlement.COMMAND,
    rule.COMMAND,
    unblock.COMMAND,
    relaunch.COMMAND,
    environment.COMMAND,
    last.COMMAND,
    incident.COMMAND,
)
WRITES: Final[Mapping[Verb, Write]] = {Verb.UNBLOCK: unblock.WRITE, Verb.RELAUNCH: relaunch.WRITE}
