"""What Identity Manager's answers mean to a person: a status becomes an error that says what happened (nim-api 2.5)."""

from http import HTTPStatus
from typing import Final

from bot.errors import (
    NimBusy,
    NimConflict,
    NimDenied,
    NimError,
    NimFailed,
    NimMissing,
    NimRejected,
    NimSurprised,
    NimUnreachable,
)
from bot.nim.transport import NoReply, NotSent, Reply, TooLarge

WORTH_ANOTHER_TRY: Final = frozenset({429, 502, 503, 504})
_NOTHING_CHANGED: Final = "Nothing was changed."
_UNSURE: Final = "Whether it was done is not known."


def of_reply(reply: Reply, *, permission: str, what: str, write: bool) -> NimError | None:
    """The error that an answer stands for; None when it is a good one. Its details are documented nowhere: not read.

    `permission` is the path under which was asked, `what` the thing in a person's words.
    """
    status = reply.status
    if status < HTTPStatus.MULTIPLE_CHOICES:
        return page_instead(write=write) if reply.is_page else None
    if status < HTTPStatus.BAD_REQUEST:
        return NimSurprised(
            f"Identity Manager sent nimdesk elsewhere instead of answering. {_outcome(write=write)}",
            changed=None if write else False,
            status=status,
        )
    if status in {401, 403, 404, 409, 429} or status == HTTPStatus.BAD_REQUEST:
        return _refusal(status, reply, permission=permission, what=what)
    return _failure(status, write=write)


def _refusal(status: int, reply: Reply, *, permission: str, what: str) -> NimError:
    match status:
        case 400:
            return NimRejected(f"Identity Manager does not accept the question for {what}. {_NOTHING_CHANGED}")
        case 401:
            return NimDenied(
                f"Identity Manager does not accept nimdesk's token, not even a fresh one. {_NOTHING_CHANGED}",
                next_step="An administrator checks the API client of nimdesk in Identity Manager: it may have expired.",
            )
        case 403:
            return NimDenied(
                f"Identity Manager's service account may not {_doing(permission)} {what}. {_NOTHING_CHANGED}",
                next_step=f"An administrator grants {permission} to the profile of nimdesk's API client.",
                permission=permission,
            )
        case 404:
            return NimMissing(
                f"Identity Manager has no such thing among {what}, or does not show it to the service account."
            )
        case 409:
            return NimConflict(f"Identity Manager refuses: the state of {what} does not allow it. {_NOTHING_CHANGED}")
        case _:
            return NimBusy(
                f"Identity Manager is asked too much at the moment. {_NOTHING_CHANGED}",
                next_step=_pause(reply.retry_after),
            )


def _failure(status: int, *, write: bool) -> NimError:
    outcome = _outcome(write=write)
    changed = None if write else False
    match status:
        case 503:
            return NimBusy(f"Identity Manager is starting or overloaded. {outcome}", changed=changed, status=status)
        case 502 | 504:
            return NimUnreachable(
                f"The gateway in front of Identity Manager got no answer from it. {outcome}",
                changed=changed,
                status=status,
            )
        case _:
            return NimFailed(f"Identity Manager failed inside ({status}). {outcome}", changed=changed, status=status)


def of_silence(why: NotSent | NoReply | TooLarge, *, write: bool) -> NimError:
    unsure = _outcome(write=write)
    changed = None if write else False
    match why:
        case NotSent():
            return NimUnreachable(f"Identity Manager cannot be reached: {why}. {_NOTHING_CHANGED}", reason=str(why))
        case NoReply(slow=True):
            return NimUnreachable(f"Identity Manager did not answer in time. {unsure}", changed=changed)
        case NoReply(cut=True):
            return NimSurprised(f"Identity Manager's answer broke off in the middle. {unsure}", changed=changed)
        case NoReply():
            return NimUnreachable(f"The connection to Identity Manager broke. {unsure}", changed=changed)
        case TooLarge():
            return NimSurprised(f"Identity Manager's answer is larger than nimdesk reads. {unsure}", changed=changed)


def page_instead(*, write: bool = False) -> NimError:
    return NimSurprised(
        f"A web page came back instead of Identity Manager's data. {_outcome(write=write)}",
        changed=None if write else False,
    )


def unreadable(what: str) -> NimError:
    return NimSurprised(f"Identity Manager sent something for {what} that nimdesk cannot read. {_NOTHING_CHANGED}")


def of_token(reply: Reply, client_id: str) -> NimError | None:
    """What the token endpoint's answer stands for."""
    if reply.status in {400, 401, 403}:
        return NimDenied(
            f"Identity Manager does not accept nimdesk as {client_id}: client id, domain or secret is wrong, "
            f"or it has expired. {_NOTHING_CHANGED}",
            next_step="Check client_id, client_domain and client_secret of this environment in the settings.",
        )
    if reply.status == HTTPStatus.NOT_FOUND:
        return NimSurprised(
            f"There is no Identity Manager at the address of the settings: it gives no tokens. {_NOTHING_CHANGED}",
            next_step="Check url of this environment in the settings.",
        )
    return of_reply(reply, permission="/connect/token", what="an access token", write=False)


def _outcome(*, write: bool) -> str:
    return _UNSURE if write else _NOTHING_CHANGED


def _doing(permission: str) -> str:
    last = permission.rsplit("/", 1)[-1]
    return {"Query": "read", "View": "read", "Update": "change", "Launch": "start"}.get(last, "read")


def _pause(retry_after: str) -> str:
    asks = retry_after.strip()
    if asks.isdigit():
        return f"Identity Manager asks for a pause of {asks} seconds; ask again after it."
    return NimBusy.next_step
