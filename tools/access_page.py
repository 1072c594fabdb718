"""Writes docs/access.md from bot.access.table(). A test says when it is out of date.

.venv/bin/python tools/access_page.py
"""

import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = ROOT / "docs" / "access.md"
sys.path.insert(0, str(ROOT))

from bot.access import table  # noqa: E402  # a program's own folder is not the repository's
from bot.model.actor import Role  # noqa: E402

HEAD: Final = """\
# Who may do what

<!-- Made by tools/access_page.py from bot/access.py; change it there. -->

Roles come from `[access]` in the [settings](settings.md#access): Slack user groups, user ids, or everybody. They add
up: an approver is also an operator and a viewer. An auditor reads and acts never, whatever other role the same person
has.

The decision is taken again at the press, in the code that acts, with the groups read from Slack at that moment. What is
drawn decides nothing. When Slack cannot be asked, nobody may act. Guests, bots, deactivated people and members of other
companies have no role.

"""
TAIL: Final = """
Rights follow what a job's tasks do, not its name:

- A job that computes the role model for everybody is an approver's.
- A job that sends orders is an approver's as soon as more than {cap} other pending orders would leave with it.
- A synchronization in initial mode is refused to all: it has no thresholds and loads data twice.

One order is an operator's, with one exception: a deletion that waits for approval is an approver's to release. A
deletion that was let through before and failed may be tried again by an operator.
"""


def page() -> str:
    from bot.desk.look import OTHERS_CAP  # noqa: PLC0415  # the desk is large; only the page needs its cap

    roles = list(Role)
    lines = [
        f"| may | {' | '.join(role.value for role in roles)} |",
        f"|---|{'---|' * len(roles)}",
        *(
            f"| {what} | {' | '.join('yes' if answers[role] else 'no' for role in roles)} |"
            for what, answers in table()
        ),
    ]
    return HEAD + "\n".join(lines) + "\n" + TAIL.format(cap=OTHERS_CAP)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
