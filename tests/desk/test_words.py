"""Plain words before a real Identity Manager: what they lead to, and what never comes of them."""

import pytest

from bot.access import cumulative
from bot.model.actor import Actor, Role
from bot.model.answer import AnswerKind
from bot.model.intent import Intent, Verb

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ("how old is the AD data?", "sync AD"),
        ("les données RH sont-elles à jour ?", "sync HR"),
        ("why is jdoe's AD account blocked?", "why jdoe AD"),
        ("pourquoi le compte AD de jdoe est-il bloqué ?", "why jdoe AD"),
        ("jdoe's AD department is wrong", "value jdoe AD department"),
        ("why does jdoe have Domain Admins?", "access jdoe Domain Admins"),
        ("which rule sets usageLocation", "rule usageLocation"),
        ("orders on AD in error", "orders errored AD"),
        ("unblock jdoe in AD please", "order jdoe AD"),
        ("relance AD_Provisioning stp", "job AD_Provisioning"),
        ("is the AD job running?", "jobs running"),
        ("/nim sync AD", "sync AD"),
    ],
)
async def test_words_answer_what_the_command_answers(bench, words, command):
    said, typed = await bench.asks(words), await bench.asks(command)

    assert said["title"] == typed["title"]
    assert said["kind"] == typed["kind"]


async def test_words_never_write(bench):
    for words in (
        "relaunch AD_Provisioning",
        "unblock jdoe",
        "retry the failed orders",
        "resume the AD job",
        "stop HR",
    ):
        await bench.asks(words)

    assert bench.writes() == []


@pytest.mark.parametrize(
    ("words", "title"),
    [
        ("stop the AD job", "I do not stop jobs."),
        ("raise the threshold on HR", "I do not change thresholds."),
        ("delete jdoe's account", "I do not change accounts or rights by myself."),
    ],
)
async def test_what_nimdesk_does_not_do_is_explained_with_what_it_can_show(bench, words, title):
    answer = await bench.asks(words)

    assert answer["kind"] == "refused"
    assert answer["title"] == title
    assert answer["choices"]


async def test_a_question_to_resume_is_diagnosed_and_answered_beside_it(bench):
    answer = await bench.asks("too many deletions on AD, resume?")

    assert answer["symptom"] == 2, "nothing is blocked here: the connector's data are told"
    assert "I resume nothing" in answer["next"]


async def test_words_with_two_meanings_are_offered_as_two(bench):
    answer = await bench.asks("pending")

    assert answer["kind"] == "choice"
    assert [(one["verb"], one["thing"]) for one in answer["choices"]] == [("orders", "waiting"), ("orders", "blocked")]


async def test_words_that_name_nobody_say_so_and_offer_first_steps(bench):
    answer = await bench.asks("qwertz uiop")

    assert answer["kind"] == "choice"
    assert "qwertz uiop" in answer["text"]
    assert {one["verb"] for one in answer["choices"]} == {"status", "jobs", "orders"}


async def test_somebody_is_found_by_words_that_nothing_else_takes(bench):
    assert "Leroy" in (await bench.asks("Anne Leroy"))["title"]


async def test_part_of_a_word_of_a_name_names_nobody(bench):
    answer = await bench.asks("ero")

    assert answer["kind"] == "choice"


async def test_a_misspelt_command_is_not_guessed(bench):
    answer = await bench.asks("statsu")

    assert answer["kind"] == "choice"
    assert answer["choices"][0]["verb"] == "status"


async def test_a_slash_command_that_writes_stays_strict_and_a_sentence_is_read_as_one(bench):
    assert bench.desk.understand("unblock jdoe please") == Intent(Verb.UNBLOCK, "jdoe please")
    assert bench.desk.understand("job AD Provisioning") == Intent(Verb.JOB, "AD Provisioning")
    assert bench.desk.understand("job is blocked since 2 am, can I resume it?") is None
    assert bench.desk.understand("access denied on all deletions") is None
    assert bench.desk.understand("why is jdoe's AD account blocked?") is None
    assert bench.desk.understand("AD data look stale") is None


async def test_an_environment_is_named_in_words_too(bench):
    there = await bench.asks("how old is the AD data in production?")
    nowhere = await bench.asks("how old is the AD data --env nowhere")

    assert there["title"] == (await bench.asks("sync AD"))["title"]
    assert "no environment" in nowhere["title"]


async def test_who_has_no_role_makes_no_request(bench):
    before = len(bench.sandbox.server.requests)

    answer = await bench.desk.hear(Actor("T1", "U9", cumulative([Role.NONE])), "why is jdoe's account blocked?")

    assert answer.kind is AnswerKind.REFUSED
    assert len(bench.sandbox.server.requests) == before
