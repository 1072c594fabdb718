"""Answers, cards and modals as Slack shows them. Pure: a view in, a message out; nothing is sent here."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import jinja2
import structlog
from prometheus_client import Counter
from typing_extensions import override

from bot.desk.wording import push_line
from bot.errors import SettingsError
from bot.model.action import Action
from bot.model.answer import Answer, AnswerKind
from bot.model.finding import Finding
from bot.model.intent import Intent, Verb
from bot.model.message import Message, Modal
from bot.model.view import Audience, Confirmation, HelpCard, IncidentCard, Problem, ProgressCard
from bot.shipped import shipped
from bot.slack import ladder
from bot.slack.budget import METADATA, TEXT, cut, shorten, units
from bot.slack.clean import neutral
from bot.slack.deck import NO_FINDING, Deck, at_home, parts_of, sections_of, to_operators, tools_of
from bot.slack.markup import BadMarkup, message, modal
from bot.slack.pictures import Uploaded
from bot.slack.press import Press
from bot.slack.templates import FINDINGS, Templates, line_of

log: Final = structlog.get_logger(__name__)
_broken: Final = Counter("nimdesk_template_failures_total", "Messages whose template failed", ["template"])

CONFIRM: Final = "nim:confirm"
SEND_TICKET: Final = "nim:ticket"
ASK: Final = "nim:ask"
DETAILS: Final = "nim:details"
"""`callback_id` of the modals."""


class Renderer:
    """All that leaves for Slack is made here. A broken template costs the layout, not the words: nothing raises."""

    def __init__(
        self, shipped_templates: Path | None = None, folder: Path | None = None, *, reload: bool = False
    ) -> None:
        self._templates = Templates(shipped_templates or shipped("templates"), folder, reload=reload)

    def check(self) -> None:
        """Raises SettingsError naming file and line when a template cannot be used; called at start."""
        from bot.slack import examples  # noqa: PLC0415  # only the start and the preview need the examples

        self._templates.check()
        for name, draw in examples.everything():
            try:
                draw(_Strict(self._templates))
            except (jinja2.TemplateError, BadMarkup, TypeError, AttributeError) as why:
                raise SettingsError(
                    f"A template fails on the example “{name}”: {self._where(why)}{why}",
                    next_step="Correct the template, or remove it to use the one that ships with nimdesk.",
                ) from why

    def _where(self, why: Exception) -> str:
        file, line = line_of(why.__cause__ or why)
        return f"{file}, line {line}: " if file else ""

    # --- answers ---------------------------------------------------------------------------------------------------

    def answer(self, answer: Answer, audience: Audience = Audience.PERSON) -> Message:
        """One answer. A channel gets no names, and *Show me* for those who may see them."""
        if answer.finding is not None:
            return self.finding(answer.finding, audience, answer)
        public = audience is Audience.CHANNEL
        deck = Deck(answer.env)
        things = {
            "answer": answer,
            "sections": sections_of(answer, deck, public=public),
            "choices": deck.add(Press(one.label, at_home(one.intent, answer.env)) for one in answer.choices),
            "offers": [*deck.offers(answer.offers, named=not public), *deck.add(to_operators(answer))],
            "tools": deck.add(tools_of(answer, audience)),
            "public": public,
            "env_label": answer.env_label,
            "as_of": answer.as_of,
            "requests": len(answer.requests),
        }
        return self._message(_template(answer), things, deck, answer.title, answer.text, answer.next)

    def finding(self, finding: Finding, audience: Audience, answer: Answer) -> Message:
        public = audience is Audience.CHANNEL
        told = finding.without_names() if public else finding
        deck = Deck(answer.env)
        things = {
            **parts_of(told, deck, public=public, intent=answer.intent),
            "sections": sections_of(answer, deck, public=public),
            "tools": deck.add(tools_of(answer, audience)),
            "env_label": answer.env_label,
            "as_of": told.as_of or answer.as_of,
            "requests": len(answer.requests),
        }
        drawn = self._message(self._finding_template(told), things, deck, told.title, told.text, told.next)
        return replace(drawn, text=_led_by(push_line(told, answer.env_label), drawn.text))

    def pictures(self, pictures: Sequence[Uploaded], env_label: str) -> Message:
        """What is shown below the answer whose figures they draw."""
        things = {"pictures": pictures, "env_label": env_label}
        return self._message("answers/pictures.j2", things, Deck(""), *(one.picture.alt for one in pictures))

    def _finding_template(self, finding: Finding) -> str:
        name = f"findings/{FINDINGS.get(finding.symptom or 0, 'finding')}.j2"
        return name if self._templates.has(name) else "findings/finding.j2"

    # --- what channels and threads see -----------------------------------------------------------------------------

    def incident(self, card: IncidentCard) -> Message:
        """The incident's card: counts, no names; drawn the same for every role, the press decides."""
        incident = card.incident
        told = incident.finding.without_names() if incident.finding else None
        deck = Deck(incident.env)
        about = Intent(Verb.INCIDENT, str(incident.id), incident.env)
        tools = [
            Press("Details", about.inside(Verb.DETAILS)),
            Press("Show me", about.inside(Verb.SHOW_ME)),
        ]
        things = {
            "card": card,
            "incident": incident,
            **(parts_of(told, deck, public=True) if told else NO_FINDING),
            "tools": deck.add(tools),
            "env_label": card.env_label,
            "as_of": told.as_of if told else incident.opened_at,
            "requests": 0,
        }
        title = f"{incident.job_name} ({card.env_label}) {incident.trouble.value}"
        return self._message("messages/incident.j2", things, deck, title, told.text if told else "")

    def progress(self, card: ProgressCard, audience: Audience = Audience.CHANNEL) -> Message:
        """An action on its way; every state has the same kinds of blocks, since edits may not change them."""
        action = card.action
        deck = Deck(action.wish.env)
        subject = action.wish.subject if audience is Audience.PERSON and action.wish.subject else action.wish.label
        things = {
            "card": card,
            "action": action,
            "subject": subject,
            "rungs": ladder.rungs(action),
            "outcome": ladder.outcome(action),
            "env_label": card.env_label,
        }
        title = f"{subject or 'Action'} ({card.env_label}): {action.state.value}"
        return self._message("messages/progress.j2", things, deck, title, action.said)

    def request_help(self, card: HelpCard) -> Message:
        """What the operators read in the incident's thread."""
        request = card.request
        deck = Deck(request.intent.env)
        claim = Press("Claim", Intent(Verb.CLAIM, str(request.id), request.intent.env))
        things = {
            "card": card,
            "request": request,
            "tools": deck.add([] if request.claimed_by else [claim]),
            "wished": deck.add([Press(request.label or "Do it", request.intent)]),
            "env_label": card.env_label,
        }
        return self._message("messages/request_help.j2", things, deck, "Somebody asks for an operator", request.label)

    def problem(self, problem: Problem) -> Message:
        """A refusal or an error, told to the one who pressed or asked."""
        deck = Deck("")
        presses = [Press(label, intent) for label, intent in problem.choices]
        if problem.fresh is not None:
            presses.append(Press("Show the fresh view", problem.fresh))
        if problem.ask is not None:
            presses.append(Press("Ask an operator", problem.ask.inside(Verb.ASK_OPERATOR)))
        things = {"problem": problem, "tools": deck.add(presses)}
        return self._message("messages/problem.j2", things, deck, problem.say, problem.next_step)

    def placeholder(self, what: str) -> Message:
        """Says what is being done when it takes longer than two seconds."""
        return self._message("messages/placeholder.j2", {"what": what}, Deck(""), what)

    # --- modals ----------------------------------------------------------------------------------------------------

    def confirmation(self, view: Confirmation, private_metadata: str) -> Modal:
        """The last look before a write. Its tick is `agree`; its submit comes back as `nim:confirm`."""
        deck = Deck("")
        switch = "Run the job as well" if not view.run_job else "Unblock only instead"
        things = {"view": view, "switch": deck.add([Press(switch, view.switch)] if view.switch else [])}
        return self._modal("views/confirmation.j2", things, deck, CONFIRM, private_metadata, view.title, view.what)

    def ask_operator(self, what: str, env_label: str, private_metadata: str, *, ask: str = "") -> Modal:
        """Asks for a note (`note`) and a ticket number (`ticket`); comes back as `nim:ask`."""
        things = {"what": what, "env_label": env_label, "ask": ask}
        return self._modal("views/ask_operator.j2", things, Deck(""), ASK, private_metadata, "Ask an operator", what)

    def ticket(self, title: str, text: str, private_metadata: str = "") -> Modal:
        """The text of a ticket ready to be copied; its submit sends it to the asker (`nim:ticket`)."""
        things = {"title": title, "text": text}
        return self._modal("views/ticket.j2", things, Deck(""), SEND_TICKET, private_metadata, "Ticket text", text)

    def details(self, answer: Answer, private_metadata: str = "") -> Modal:
        """Every piece of evidence, what was ruled out, what could not be read, and the requests that were made."""
        things = {"answer": answer, "finding": answer.finding, "env_label": answer.env_label, "as_of": answer.as_of}
        return self._modal("views/details.j2", things, Deck(""), DETAILS, private_metadata, "Details", answer.text)

    def started(self, action: Action, *, new: bool) -> Modal:
        """After the submit: it is stored, or the same press had been made before."""
        things = {"action": action, "new": new}
        words = action.wish.subject or action.wish.label or "It is stored."
        return self._modal("views/started.j2", things, Deck(""), DETAILS, "", "Started", words)

    def refused(self, answer: Answer, private_metadata: str = "") -> Modal:
        """Instead of the figures or after the submit: why nothing was done, and what is possible instead."""
        deck = Deck(answer.env)
        things = {
            "answer": answer,
            "choices": deck.add(Press(one.label, at_home(one.intent, answer.env)) for one in answer.choices),
            "offers": [*deck.offers(answer.offers, named=True), *deck.add(to_operators(answer))],
        }
        words = ("Nothing was done", answer.title, answer.text, answer.next)
        return self._modal("views/refused.j2", things, deck, DETAILS, private_metadata, *words)

    def loading(self, title: str, what: str) -> Modal:
        """Opened at once, within the three seconds of the trigger; replaced when the figures have been read."""
        return self._modal("views/loading.j2", {"title": title, "what": what}, Deck(""), DETAILS, "", title, what)

    # --- how -------------------------------------------------------------------------------------------------------

    def _message(self, template: str, things: dict[str, Any], deck: Deck, *words: str) -> Message:
        try:
            return message(self._templates.render(template, things), deck.presses, template)
        except (jinja2.TemplateError, BadMarkup, TypeError, AttributeError, KeyError) as why:
            self._failed(template, why)
            return plain_message("\n".join(word for word in words if word))

    def _modal(
        self, template: str, things: dict[str, Any], deck: Deck, callback_id: str, private_metadata: str, *words: str
    ) -> Modal:
        if units(private_metadata) > METADATA:
            raise ValueError("private_metadata carries a key, never data")
        try:
            markup = self._templates.render(template, things)
            return modal(markup, deck.presses, template, callback_id=callback_id, private_metadata=private_metadata)
        except (jinja2.TemplateError, BadMarkup, TypeError, AttributeError, KeyError) as why:
            self._failed(template, why)
            return Modal(words[0][:24], plain_message("\n".join(words)).blocks)

    def _failed(self, template: str, why: Exception) -> None:
        _broken.labels(template).inc()
        file, line = line_of(why)
        log.error("template failed", template=template, file=file, line=line, why=str(why))


class _Strict(Renderer):
    """Draws the examples for `check`: what would cost the layout at run time is raised here."""

    def __init__(self, templates: Templates) -> None:
        self._templates = templates

    @override
    def _failed(self, template: str, why: Exception) -> None:
        raise BadMarkup(f"{template}: {why}") from why


def plain_message(text: str) -> Message:
    """The words alone, in the one block that cannot be refused."""
    text = shorten(neutral(text).strip(), TEXT - 400) or "nimdesk has nothing to show here."
    leaf = {"type": "text", "text": cut(text, 2900)}
    section = {"type": "rich_text_section", "elements": [leaf]}
    return Message(text, ({"type": "rich_text", "elements": [section]},))


def _led_by(push: str, text: str) -> str:
    """The plain text with the push line first, all that a notification shows; its title is not said twice."""
    push = neutral(push)
    first, _, rest = text.partition("\n")
    return f"{push}\n{rest if first.rstrip('.') in push else text}"


def _template(answer: Answer) -> str:
    if answer.intent is not None and answer.intent.verb in {Verb.DESK, Verb.STATUS} and answer.kind is AnswerKind.LIST:
        return "answers/status.j2"
    return f"answers/{'answer' if answer.kind is AnswerKind.FINDING else answer.kind.value}.j2"
