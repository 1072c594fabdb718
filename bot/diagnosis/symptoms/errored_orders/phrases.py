"""What is said of each class of error: to the one who repairs, to the one who answers the phone, to the caller."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Phrase:
    """`title` completes "150 deletions: …"; `{verb}`, `{where}`, `{place}` and `{named}` are filled in."""

    title: str
    next: str
    caller: str


_TEAM_REPAIRS: Final = "It is a fault in a connected system; its team is on it and the change will follow by itself."
_VALUE_WRONG: Final = "A detail of the record has to be corrected first; the responsible team has been told which one."

_PHRASES: Final[dict[str, Phrase]] = {
    "rights/protected": Phrase(
        "these objects are protected in the target",
        "{owner} lifts the protection of these objects or handles them by hand; then test with one.",
        "The account is specially protected; the directory's team has to release it.",
    ),
    "rights/on-premises-master": Phrase(
        "the value belongs to the directory on site",
        "An application administrator provisions this value on site, not in the cloud directory.",
        _VALUE_WRONG,
    ),
    "rights": Phrase(
        "the service account may not {verb}{where}",
        "{owner} grants the service account the right to {verb}{where}; then test with one.",
        "The system that holds the account refuses the change; the right is being granted and the change will follow.",
    ),
    "credentials": Phrase(
        "the target refused the service account's logon",
        "{owner} renews the service account's logon and enters it in the agent's settings; then test with one.",
        _TEAM_REPAIRS,
    ),
    "network": Phrase(
        "the target could not be reached",
        "{owner} checks that the target is up and reachable from the agent; then test with one.",
        _TEAM_REPAIRS,
    ),
    "certificate": Phrase(
        "a certificate or the encryption was refused",
        "{owner} repairs the certificate between agent and target; then test with one.",
        _TEAM_REPAIRS,
    ),
    "address": Phrase(
        "the target's address or settings do not fit",
        "{owner} corrects the address in the agent's connection settings; then test with one.",
        _TEAM_REPAIRS,
    ),
    "quota/throttled": Phrase(
        "the target asks for a pause",
        "Wait {wait} minutes, then test with one; {owner} avoids parallel jobs on this target.",
        "The system is busy; the change will be made a little later.",
    ),
    "quota": Phrase(
        "a limit of the target is reached",
        "{owner} raises the limit or frees licences; then test with one.",
        "The system has reached a limit; its team is making room.",
    ),
    "target": Phrase(
        "the target was not available",
        "Wait {wait} minutes, then test with one; if it fails again, {owner} looks at the target.",
        _TEAM_REPAIRS,
    ),
    "disk": Phrase("no space is left", "{owner} frees space; then test with one.", _TEAM_REPAIRS),
    "file": Phrase(
        "a file could not be used", "{owner} repairs the file or its rights; then test with one.", _TEAM_REPAIRS
    ),
    "data/parent-missing": Phrase(
        "container{place} does not exist",
        "An application administrator corrects the rule that computes the container, or {owner} creates it; "
        "after a corrected rule recompute one person, then test with one. Unblocking alone sends the same value again.",
        _VALUE_WRONG,
    ),
    "data/not-found": Phrase(
        "the account is not there any more",
        "Relaunch the synchronization in complete mode: it shows whether the account was moved or deleted.",
        "The account was moved or removed in the meantime; this is being brought up to date.",
    ),
    "data/duplicate": Phrase(
        "the {named} already exists",
        "Look at the account that holds the value: the same person → correlate it; another person → an application "
        "administrator makes the rule unique, recomputes one person, then test with one. "
        "Unblocking alone sends the same value again.",
        "The login or address is already taken; a different one is being assigned.",
    ),
    "data/attr-exists": Phrase(
        "the wanted state exists already",
        "Nothing has to be repaired: the next synchronization verifies it.",
        "It is already in place; the systems only have to be brought into line.",
    ),
    "data/attr-missing": Phrase(
        "what was to be removed is gone already",
        "Nothing has to be repaired: the next synchronization verifies it.",
        "It is already in place; the systems only have to be brought into line.",
    ),
    "data/too-long": Phrase("the {named} is too long", "", _VALUE_WRONG),
    "data/mandatory-missing": Phrase("the required {named} is empty", "", _VALUE_WRONG),
    "data/invalid-value": Phrase("the {named} is not accepted", "", _VALUE_WRONG),
    "data/password-policy": Phrase(
        "the initial password breaks the policy",
        "An application administrator adapts the password settings of the resource type; then test with one.",
        _VALUE_WRONG,
    ),
    "data/has-children": Phrase(
        "the account has objects below it",
        "{owner} removes what lies below these accounts; then test with one.",
        "Something still depends on the account; its team removes that first.",
    ),
    "data/reference-missing": Phrase(
        "something it refers to is not in the target yet",
        "An application administrator provisions the missing manager, department or group first; then test with one.",
        _VALUE_WRONG,
    ),
    "data": Phrase("the target does not accept a value", "", _VALUE_WRONG),
    "script": Phrase(
        "the custom script failed",
        "Who maintains the script on the agent repairs it; then test with one.",
        _TEAM_REPAIRS,
    ),
    "nim/expression": Phrase(
        "a rule fails for these people",
        "An application administrator corrects the rule or the empty field, then recomputes; "
        "unblocking would only repeat the exception.",
        _VALUE_WRONG,
    ),
    "nim": Phrase(
        "Identity Manager or its agent failed",
        "The platform team looks at the agent and the server; then test with one.",
        "The provisioning system itself has a fault; its team is on it.",
    ),
}
RULE_FAILS: Final = _PHRASES["nim/expression"]
_CORRECT_THE_VALUE: Final = (
    "An application administrator corrects the rule or the person's data, recomputes one person, then test with one. "
    "Unblocking alone sends the same value again."
)
_UNKNOWN: Final = Phrase(
    "the error text is not in the catalogue",
    "An application administrator reads the text in Provisioning Review; then test with one.",
    "The change failed for a reason that is still being looked into.",
)


def phrase_for(error_class: str) -> Phrase:
    found = _PHRASES.get(error_class) or _PHRASES.get(error_class.partition("/")[0]) or _UNKNOWN
    return found if found.next else Phrase(found.title, _CORRECT_THE_VALUE, found.caller)
