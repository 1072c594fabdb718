"""What can go wrong, as a tree. Each error knows what the asker is told.

DeskError
├── NotUnderstood            words that fit nothing
├── NotAllowed               the role does not reach
├── Stale                    the world has changed since the button was drawn
├── NotNow                   something has to come first
│   └── GroundMoves          a run in progress, or due within three minutes
├── NotFound                 no such thing, or nothing visible to the service account
├── Ambiguous                several candidates (carried along)
├── SettingsError            a key of the settings is wrong
├── SlackProblem             Slack refused or could not be reached
└── NimError                 Identity Manager
    ├── NimUnreachable       no connection, no answer in time
    ├── NimDenied            401 or 403: which permission is missing
    ├── NimMissing           404 on an id
    ├── NimConflict          409: the state does not allow it
    ├── NimBusy              429 or 503 after the bounded retries
    ├── NimFailed            500 and its kin
    ├── NimRejected          400: the environment does not know this query
    ├── NimSurprised         an answer that cannot be read: HTML, cut off, wrong shape
    └── NotExposed           this environment does not show it (capability missing)
"""

from typing import ClassVar


class DeskError(Exception):
    """Something the asker should be told, in words they can act on.

    `say` is shown in Slack and never holds a value that could identify a secret; `facts` are logged and audited.
    """

    code: ClassVar[str] = "desk"
    next_step: ClassVar[str] = "Ask again in a minute."

    def __init__(self, say: str, *, next_step: str = "", **facts: str | int | None) -> None:
        super().__init__(say)
        self.say = say
        self.advice = next_step or self.next_step
        self.facts = facts


class NotUnderstood(DeskError):
    code = "not-understood"
    next_step = "Write /nim help for what works here."


class NotAllowed(DeskError):
    code = "not-allowed"
    next_step = "Ask an operator."


class Stale(DeskError):
    code = "stale"
    next_step = "Look at the fresh view and press again if it is still wanted."


class NotNow(DeskError):
    code = "not-now"


class GroundMoves(NotNow):
    next_step = "Wait until the run has ended, then try again."


class NotFound(DeskError):
    code = "not-found"
    next_step = "Check the spelling; what the service account may not see looks the same as what does not exist."


class Ambiguous(DeskError):
    code = "ambiguous"
    next_step = "Choose one of the candidates."


class SettingsError(DeskError):
    code = "settings"
    next_step = "Correct the settings and start again."


class SlackProblem(DeskError):
    code = "slack"
    next_step = "Nothing is lost: it is sent again."


class NimError(DeskError):
    """Identity Manager did not give what was asked for. `changed` says whether a write may have taken effect."""

    code = "nim"

    def __init__(
        self, say: str, *, next_step: str = "", changed: bool | None = False, **facts: str | int | None
    ) -> None:
        super().__init__(say, next_step=next_step, **facts)
        self.changed = changed


class NimUnreachable(NimError):
    code = "nim-unreachable"
    next_step = "Check that Identity Manager and the network to it are up, then ask again."


class NimDenied(NimError):
    code = "nim-denied"
    next_step = "An administrator grants the service account the permission; nimdesk doctor names it."


class NimMissing(NimError):
    code = "nim-missing"
    next_step = "It may have been removed or never been visible to the service account."


class NimConflict(NimError):
    code = "nim-conflict"
    next_step = "Look at the fresh view: its state has changed."


class NimBusy(NimError):
    code = "nim-busy"
    next_step = "Identity Manager asks for a pause; ask again in a minute."


class NimFailed(NimError):
    code = "nim-failed"
    next_step = "Ask the platform team to look at Identity Manager's server log for this time."


class NimRejected(NimError):
    code = "nim-rejected"
    next_step = "Run nimdesk doctor: it shows what this environment does not know."


class NimSurprised(NimError):
    code = "nim-surprised"
    next_step = "Run nimdesk doctor; a proxy or a login page may stand in between."


class NotExposed(NimError):
    code = "not-exposed"
    next_step = "Look at the screen that is named instead."
