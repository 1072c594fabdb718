"""Every template: it looks as agreed, no value escapes it, no limit of Slack is exceeded, a broken one stops the start."""

import json
import re
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from syrupy.extensions.json import JSONSnapshotExtension
from typing_extensions import override

from bot.errors import SettingsError
from bot.model.answer import AnswerKind
from bot.model.intent import Intent, Verb
from bot.model.message import Message
from bot.model.view import Audience, HelpCard, IncidentCard, ProgressCard
from bot.shipped import shipped
from bot.slack import examples, samples
from bot.slack.blocks import faults_of_message, faults_of_modal
from bot.slack.budget import characters, units
from bot.slack.clean import neutral
from bot.slack.render import Renderer, _Strict
from bot.slack.templates import Templates

EXAMPLES = dict(examples.everything())
EVIL = [
    "<!channel>",
    "<!here|here>",
    "<@U1>",
    "<https://evil.test|Approve>",
    "https://evil.test",
    "evil.test",
    "`",
    "```",
    "*x*",
    "_x_",
    "~x~",
    ">x",
    "&lt;!channel&gt;",
    ":fire:",
    "@here",
    "\u202eevil",
    "a\x00b",
    "x" * 10_000,
    "",
    "   ",
    "null",
    "🙂" * 40,
    "</Section><Header>x</Header>",
    "{{ 7 * 7 }}",
    "{% raw %}",
    "]]>",
    "<!--",
    "a\nb",
    "שלום",
    "\ud800",
    "\"'",
]


@pytest.fixture(scope="module")
def renderer():
    return Renderer()


@pytest.fixture(scope="module")
def strict():
    """Raises where the product would fall back to the bare words: a value that breaks a template must not pass for safe."""
    return _Strict(Templates(shipped("templates")))


@pytest.fixture
def as_json(snapshot):
    return snapshot.use_extension(JSONSnapshotExtension)


def shape(drawn):
    body = {"text": drawn.text} if isinstance(drawn, Message) else {"title": drawn.title, "submit": drawn.submit}
    return {**body, "blocks": list(drawn.blocks)}


def faults(drawn):
    return faults_of_message(drawn) if isinstance(drawn, Message) else faults_of_modal(drawn)


@pytest.mark.parametrize("name", EXAMPLES, ids=lambda name: name.replace("/", "-"))
def test_it_looks_as_agreed(name, renderer, as_json):
    assert as_json == shape(EXAMPLES[name](renderer))


@pytest.mark.parametrize("name", EXAMPLES)
def test_slack_takes_it(name, renderer):
    assert faults(EXAMPLES[name](renderer)) == []


def test_every_shipped_template_is_drawn_by_an_example():
    drawn = set()

    class Watched(Renderer):
        @override
        def _message(self, template: str, *rest: Any) -> Any:
            drawn.add(template)
            return super()._message(template, *rest)

        @override
        def _modal(self, template: str, *rest: Any) -> Any:
            drawn.add(template)
            return super()._modal(template, *rest)

    watched = Watched()
    for draw in EXAMPLES.values():
        draw(watched)
    folder = shipped("templates")
    whole = {str(path.relative_to(folder)) for path in folder.rglob("*.j2") if not path.name.startswith("_")}
    assert whole - drawn == set()


# --- values ----------------------------------------------------------------------------------------------------------

OURS = {"key", "env", "channel", "message_ts", "callback_id", "url", "error_class", "user_id", "team_id", "claimed_by"}


def poisoned(thing, value):
    """The same view with `value` in every text that a person reads."""
    if isinstance(thing, Enum | datetime) or thing is None:
        return thing
    if isinstance(thing, str):
        return value
    if isinstance(thing, tuple):
        return tuple(poisoned(part, value) for part in thing)
    if is_dataclass(thing) and not isinstance(thing, type):
        return replace(
            thing,
            **{
                field.name: poisoned(getattr(thing, field.name), value)
                for field in fields(thing)
                if field.init and field.name not in OURS
            },
        )
    return thing


def drawings(value):
    """Everything that holds values from Identity Manager, poisoned."""

    def hurt(thing):
        return poisoned(thing, value)

    finding = samples.answer_about(samples.errored_orders())
    other = samples.answer_about(samples.unknown())
    for audience in Audience:
        for answer in (finding, other, samples.listing(), samples.help_(), samples.choice(), samples.unavailable()):
            yield lambda to, answer=answer, audience=audience: to.answer(hurt(answer), audience)
    yield lambda to: to.incident(hurt(IncidentCard(samples.still_open(), "PRODUCTION", samples.NIGHT)))
    for action in samples.actions().values():
        yield lambda to, action=action: to.progress(hurt(ProgressCard(action, "PRODUCTION", "job", 3)))
    yield lambda to: to.request_help(hurt(HelpCard(samples.help_request(), "PRODUCTION", "@ops")))
    yield lambda to: to.problem(hurt(samples.problem()))
    yield lambda to: to.placeholder(value)
    yield lambda to: to.confirmation(hurt(samples.confirmation()), "key")
    yield lambda to: to.ask_operator(value, value, "key", ask=value)
    yield lambda to: to.ticket(value, value)
    yield lambda to: to.details(hurt(finding))


def objects(thing):
    if isinstance(thing, dict):
        yield thing
        for part in thing.values():
            yield from objects(part)
    elif isinstance(thing, list | tuple):
        for part in thing:
            yield from objects(part)


def harmless(drawn):
    """Nothing pings, links or formats but what our own markup wrote."""
    for thing in objects(list(drawn.blocks)):
        assert thing.get("type") not in {"usergroup", "broadcast", "emoji"}
        if thing.get("type") == "link":
            assert thing["url"].startswith("https://identity.example.com/")
        if thing.get("type") in {"user", "channel"}:
            assert thing.get("user_id") in {"U0NADIA0001", "U0OMAR00001"}
        if thing.get("type") == "plain_text":
            assert thing.get("emoji") is False
        if thing.get("type") == "mrkdwn":
            assert thing["text"].startswith("<!date^")
            assert thing["text"].count("<") == 1
            assert thing["verbatim"] is True


@pytest.mark.parametrize("value", EVIL, ids=lambda value: ascii(value)[:24])
def test_no_value_pings_links_formats_or_breaks_anything(value, strict):
    for draw in drawings(value):
        drawn = draw(strict)
        assert faults(drawn) == []
        harmless(drawn)


def test_a_value_opens_no_element_of_its_own(strict):
    evil = "</Section><Header>x</Header><Section>"
    for hurt, plain in zip(drawings(evil), drawings("ordinary"), strict=True):
        kinds = [block["type"] for block in hurt(strict).blocks]
        assert kinds == [block["type"] for block in plain(strict).blocks]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=st.text(max_size=200))
def test_no_value_of_any_kind_does(value, strict):
    for draw in drawings(value):
        drawn = draw(strict)
        assert faults(drawn) == []
        harmless(drawn)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=st.text(min_size=1, max_size=60))
def test_the_same_text_comes_out(value, renderer):
    """Runs of blanks become one, as in any text; everything else is there to be read."""
    drawn = renderer.answer(samples.answer_about(poisoned(samples.unknown(), f"a{value}z")))
    shown = [thing["text"] for thing in objects(list(drawn.blocks)) if isinstance(thing.get("text"), str)]
    wanted = re.sub(r"[ \t\r\n]+", " ", neutral(f"a{value}z"))
    assert any(wanted in text for text in shown)
    assert re.sub(r"\s+", " ", wanted) in drawn.text


def test_a_value_of_ten_thousand_characters_says_how_much_is_left_out(renderer):
    finding = replace(samples.unknown(), text="x" * 10_000)
    drawn = renderer.answer(samples.answer_about(finding))
    assert "more characters)" in json.dumps(drawn.blocks)
    assert faults(drawn) == []


# --- limits ----------------------------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    many=st.integers(0, 60),
    size=st.sampled_from([0, 1, 70, 76, 151, 700, 3001, 12_000]),
    letter=st.sampled_from(["x", "é", "🙂", "<", "&", " x"]),
)
def test_no_limit_of_slack_is_exceeded(many, size, letter, renderer):
    value = (letter * size)[:size]
    finding = samples.errored_orders()
    facts = tuple(replace(finding.evidence[0], label=f"L{n} {value[:80]}", value=value) for n in range(many))
    groups = tuple(
        replace(finding.groups[n % 2], key=str(n), title=value, evidence=facts[:8], sample=value)
        for n in range(many % 9)
    )
    large = replace(
        finding,
        title=f"T{value}",
        text=f"t{value}",
        evidence=facts,
        groups=groups,
        missing=samples.unknown().missing * many,
        offers=finding.offers * many,
        links=samples.unknown().links * (many // 4),
    )
    rows = samples.listing().sections[0].rows * many
    listing = replace(
        samples.listing(), sections=(replace(samples.listing().sections[0], rows=rows, note=value),) * (many // 6 + 1)
    )
    cards = [
        renderer.answer(samples.answer_about(large)),
        renderer.answer(samples.answer_about(large), Audience.CHANNEL),
        renderer.answer(listing),
        renderer.answer(replace(samples.choice(), choices=samples.choice().choices * many)),
        renderer.incident(
            IncidentCard(
                replace(samples.incident(), finding=large, job_name=f"J{value}", history=("x",) * many), f"P{value}"
            )
        ),
    ]
    for card in cards:
        assert faults_of_message(card) == []
        assert characters(card.blocks) <= 12_000
        assert units(card.text) <= 3900
    assert faults_of_modal(renderer.details(samples.answer_about(large))) == []


def test_what_does_not_fit_keeps_its_beginning_and_its_end(renderer):
    sections = samples.listing().sections * 40
    drawn = renderer.answer(replace(samples.listing(), sections=sections))
    assert drawn.blocks[0]["type"] == "header"
    assert drawn.blocks[-1]["type"] == "context"
    assert drawn.blocks[-2]["type"] == "actions"
    assert "more parts do not fit here" in json.dumps(drawn.blocks)
    assert faults_of_message(drawn) == []


# --- words -----------------------------------------------------------------------------------------------------------


def test_a_channel_reads_counts_and_no_names(renderer):
    everything = [
        renderer.answer(samples.answer_about(samples.errored_orders()), Audience.CHANNEL),
        renderer.answer(samples.listing(), Audience.CHANNEL),
        renderer.incident(IncidentCard(samples.incident(), "PRODUCTION", samples.NIGHT)),
        *(renderer.progress(ProgressCard(action, "PRODUCTION")) for action in samples.actions().values()),
    ]
    for card in everything:
        whole = card.text + json.dumps(card.blocks, ensure_ascii=False)
        assert not [name for name in ("Leroy", "Mercier", "Doe", "N. Adam") if name in whole]


def test_one_person_reads_the_name_on_the_button(renderer):
    drawn = renderer.answer(samples.answer_about(samples.errored_orders()))
    labels = [thing["text"]["text"] for thing in objects(list(drawn.blocks)) if thing.get("type") == "button"]
    assert "Test with 1 of 150: Leroy, Anne · delete AD account" in labels
    assert labels[-4:] == ["Share in channel", "Ticket text", "Details", "Refresh"]


def test_a_button_of_a_group_carries_what_was_seen(renderer):
    drawn = renderer.incident(IncidentCard(samples.incident(), "PRODUCTION"))
    buttons = [thing for thing in objects(list(drawn.blocks)) if thing.get("type") == "button"]
    test = next(button for button in buttons if button["text"]["text"] == "Test with 1 of 150")
    assert test["action_id"] == "nim:unblock"
    assert json.loads(test["value"]) == {
        "v": 1,
        "verb": "unblock",
        "env": "production",
        "thing": "771203",
        "seen": "errored/48260/",
    }


def test_details_and_share_carry_the_wish_that_they_are_about(renderer):
    drawn = renderer.answer(samples.answer_about(samples.errored_orders()))
    values = [Intent.unpack(thing["value"]) for thing in objects(list(drawn.blocks)) if thing.get("type") == "button"]
    asked = Intent(Verb.WHY, "leroy", "production")
    assert [one.inner() for one in values if one.verb in {Verb.SHARE, Verb.DETAILS, Verb.TICKET_TEXT}] == [asked] * 3
    assert asked in values


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("findings/errored_orders", "Certain."),
        ("findings/missing_data", "Probable: also check the agent's Work folder."),
        ("findings/finding", "Unknown: what is missing is the task's log."),
        ("messages/progress_refuted", "Not fixed."),
        ("messages/progress_verified", "Incident 7 stays open: 161 orders are still errored."),
        ("messages/progress_executed", "Verified: after the next synchronization"),
        ("messages/progress_refused", "Nothing was done."),
        ("messages/progress_unknown", "It is never sent again by itself."),
        ("messages/incident_still_open", "161 orders are still errored, though the job is green"),
        ("messages/problem", "Nothing was changed."),
        ("messages/request_help", "Nothing was sent to Identity Manager."),
    ],
)
def test_the_truth_stands_in_the_plain_text(name, says, renderer):
    assert says in shape(EXAMPLES[name](renderer))["text"]


def test_progress_keeps_the_kinds_of_its_blocks_from_edit_to_edit(renderer):
    kinds = {
        tuple(block["type"] for block in EXAMPLES[name](renderer).blocks)
        for name in EXAMPLES
        if name.startswith("messages/progress")
    }
    assert len(kinds) == 1


def test_a_confirmation_says_all_live_figures(renderer):
    view = EXAMPLES["views/confirmation"](renderer)
    words = json.dumps(view.blocks, ensure_ascii=False)
    for figure in ("PRODUCTION", "149", "Leroy, Anne", "deletes 1 AD account", "AD_Provisioning", "Can it be undone?"):
        assert figure in words
    assert shape(view)["submit"] == "Unblock and run now"
    assert [block["block_id"] for block in view.blocks if block["type"] == "input"] == ["agree"]
    assert shape(EXAMPLES["views/confirmation_unblock_only"](renderer))["submit"] == "Unblock only"


# --- overriding, checking --------------------------------------------------------------------------------------------


def overriding(folder, name, text):
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return Renderer(folder=folder)


def test_a_folder_overrides_a_shipped_template(tmp_path):
    renderer = overriding(tmp_path, "answers/refused.j2", "<Message><Header>No: {{ answer.title }}</Header></Message>")
    renderer.check()
    assert renderer.answer(samples.refused()).text == "No: Not allowed"
    assert renderer.answer(samples.status()).text.startswith("PRODUCTION needs a look")


def test_a_saved_template_is_used_for_the_next_message(tmp_path):
    file = tmp_path / "messages/placeholder.j2"
    file.parent.mkdir()
    file.write_text("<Message><Header>one</Header></Message>")
    renderer = Renderer(folder=tmp_path, reload=True)
    assert renderer.placeholder("x").text == "one"
    file.write_text("<Message><Header>two and more</Header></Message>")
    import os

    os.utime(file, (1, 1))
    assert renderer.placeholder("x").text == "two and more"


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("<Message>\n{% if x %}\n</Message>", 3, "Unexpected end"),
        ("<Message>\n<Section>\n{{ answer.title }}\n</Message>", 4, "not well formed"),
        ("<Message>\n\n<Section>{{ answer.titel }}</Section></Message>", 3, "has no attribute 'titel'"),
        ("<Message>\n<Section>{{ nobody }}</Section></Message>", 2, "'nobody' is undefined"),
    ],
)
def test_a_broken_template_stops_the_start_with_its_file_and_line(tmp_path, text, line, says):
    renderer = overriding(tmp_path, "answers/refused.j2", text)
    with pytest.raises(SettingsError, match=says) as caught:
        renderer.check()
    assert f"answers/refused.j2, line {line}" in caught.value.say


def test_an_unknown_element_stops_the_start(tmp_path):
    renderer = overriding(tmp_path, "answers/refused.j2", "<Message><Blink>{{ answer.title }}</Blink></Message>")
    with pytest.raises(SettingsError, match=r"answers/refused\.j2: unknown element"):
        renderer.check()


def test_a_template_that_breaks_later_costs_the_layout_and_not_the_words(tmp_path):
    renderer = overriding(tmp_path, "answers/unavailable.j2", "<Message>{{ answer.nothing }}</Message>")
    drawn = renderer.answer(samples.unavailable())
    assert (
        drawn.text
        == "Identity Manager could not be read\nIt answered 503 three times. Nothing was changed.\nAsk again in a minute."
    )
    assert faults_of_message(drawn) == []


def test_what_ships_passes_the_check(renderer):
    renderer.check()


def test_every_kind_of_answer_has_its_template():
    folder = shipped("templates")
    assert {kind for kind in AnswerKind if not (folder / f"answers/{kind.value}.j2").is_file()} == {AnswerKind.FINDING}
