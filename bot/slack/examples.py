"""Every template drawn with an example: the start checks them so, preview and tests show them."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.model.action import Action, Verdict
from bot.model.answer import Answer, AnswerKind
from bot.model.message import Message, Modal
from bot.model.request import RequestState
from bot.model.view import Audience, HelpCard, IncidentCard, ProgressCard
from bot.slack import samples
from bot.slack.pictures import Uploaded
from bot.slack.sample_symptoms import of_symptom, review
from bot.slack.templates import FINDINGS

if TYPE_CHECKING:
    from bot.slack.render import Renderer

Draw = Callable[["Renderer"], Message | Modal]


def everything() -> Iterator[tuple[str, Draw]]:
    """Every template at least once, by the name under which the preview shows it."""
    yield "findings/finding", lambda to: to.answer(samples.answer_about(samples.unknown()))
    for symptom, name in FINDINGS.items():
        finding = samples.errored_orders() if name == "errored_orders" else of_symptom(symptom)
        yield f"findings/{name}", _drawer(samples.answer_about(finding), Audience.PERSON)
        yield f"findings/{name}_in_channel", _drawer(samples.answer_about(finding), Audience.CHANNEL)
    answers = {
        "list": samples.listing(),
        "status": samples.status(),
        "help": samples.help_(),
        "choice": samples.choice(),
        "refused": samples.refused(),
    }
    answers |= {
        "unavailable": samples.unavailable(),
        "answer": replace(samples.listing(), kind=AnswerKind.ANSWER, sections=()),
    }
    for name, answer in answers.items():
        yield f"answers/{name}", _drawer(answer, Audience.PERSON)
        yield f"answers/{name}_in_channel", _drawer(answer, Audience.CHANNEL)
    drawn = [Uploaded(of_symptom(symptom).illustrations[0], f"F0PICTURE0{symptom}") for symptom in (3, 6)]
    yield "answers/pictures", lambda to: to.pictures(drawn, samples.LABEL)
    yield "messages/incident", lambda to: to.incident(IncidentCard(samples.incident(), samples.LABEL, samples.NIGHT))
    yield (
        "messages/incident_still_open",
        lambda to: to.incident(IncidentCard(samples.still_open(), samples.LABEL, samples.NIGHT)),
    )
    yield (
        "messages/incident_closed",
        lambda to: to.incident(IncidentCard(samples.closed(), samples.LABEL, samples.NIGHT)),
    )
    yield (
        "messages/incident_unread",
        lambda to: to.incident(IncidentCard(replace(samples.incident(), finding=None), samples.LABEL)),
    )
    for name, made in samples.actions().items():
        yield f"messages/progress_{name}", _follower(made)
    request = samples.help_request()
    yield "messages/request_help", lambda to: to.request_help(HelpCard(request, samples.LABEL, "@iam-operators"))
    claimed = replace(request, claimed_by="U0OMAR00001", claimed_at=samples.NIGHT, state=RequestState.CLAIMED)
    yield "messages/request_help_claimed", lambda to: to.request_help(HelpCard(claimed, samples.LABEL))
    yield "messages/problem", lambda to: to.problem(samples.problem())
    yield "messages/placeholder", lambda to: to.placeholder("Checking the last three runs of AD_Provisioning …")
    only = replace(samples.confirmation(), run_job=False, pending_others=None, reversible=None)
    yield "views/confirmation", lambda to: to.confirmation(samples.confirmation(), "key")
    yield "views/confirmation_review", lambda to: to.confirmation(review(), "key")
    yield "views/confirmation_unblock_only", lambda to: to.confirmation(only, "key")
    yield (
        "views/ask_operator",
        lambda to: to.ask_operator("Test with 1 of 150", samples.LABEL, "key", ask="@iam-operators"),
    )
    yield "views/ticket", lambda to: to.ticket("162 of 199 changes to AD were refused", "Cause: …\nEvidence: …")
    yield "views/details", lambda to: to.details(samples.answer_about(samples.errored_orders()))
    yield "views/details_of_a_chain", lambda to: to.details(samples.answer_about(of_symptom(6)))
    yield "views/details_of_a_list", lambda to: to.details(samples.listing())
    yield "views/started", lambda to: to.started(samples.actions()["asked"], new=True)
    yield "views/started_before", lambda to: to.started(samples.actions()["running"], new=False)
    yield "views/refused", lambda to: to.refused(samples.refused())
    yield "views/refused_since_ambiguous", lambda to: to.refused(samples.choice())
    yield "views/loading", lambda to: to.loading("Test with 1 of 150", "Reading the figures …")


def _drawer(answer: Answer, audience: Audience) -> Draw:
    return lambda to: to.answer(answer, audience)


def _follower(made: Action) -> Draw:
    still = 161 if made.verdict in {Verdict.VERIFIED, Verdict.EXECUTED} else 162
    card = ProgressCard(made, samples.LABEL, "AD_Provisioning", still, incident="incident 7")
    return lambda to: to.progress(card)
