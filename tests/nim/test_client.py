"""The one request path, over a real socket, against a server that fails as Identity Manager fails."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from time import monotonic

import pytest

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
    NotUnderstood,
    SettingsError,
)
from bot.model.answer import RequestMade
from bot.model.ids import JobId, JobRunId, OrderId
from bot.nim.config import EnvironmentConfig
from bot.nim.environment import NimEnvironment
from tests.nim.stand_in import JOB, cut_off, hangs, listed, replied

JOBS = "/api/Job/Job"
RUN_JOB = "/api/Job/Job/RunJob/1001"
UNBLOCK = "/api/ProvisioningPolicy/AssignedResourceType/3930001"


async def test_the_token_is_asked_for_with_the_client_and_its_domain_in_the_body(nim, env):
    nim.give(JOBS, listed(JOB))

    await env.reads().catalogue.jobs()

    assert nim.token_forms == [
        {
            "client_id": "nimdesk@nim.example.org",
            "client_secret": "hush",
            "scope": "usercube_api",
            "grant_type": "client_credentials",
        }
    ]
    assert nim.asked[0].query["api-version"] == "1.0"
    assert nim.asked[0].query["QueryRootEntityType"] == "Job"


async def test_fifty_reads_at_once_ask_for_one_token_and_never_more_than_four_at_a_time(nim, env):
    nim.give("/api/Job/JobInstance", listed())
    nim.token_seconds, nim.slow = 0.05, 0.01

    await asyncio.gather(*(env.reads().job_runs() for _ in range(50)))

    assert len(nim.token_forms) == 1
    assert nim.paths == {"GET /api/Job/JobInstance": 50}
    assert nim.most_under_way == 4


async def test_a_token_that_died_early_is_renewed_once_for_all_and_each_read_is_sent_once_more(nim, env):
    nim.give("/api/Job/JobInstance", listed())
    await env.reads().job_runs()
    nim.good_tokens.clear()

    await asyncio.gather(*(env.reads().job_runs() for _ in range(10)))

    assert len(nim.token_forms) == 2


async def test_a_token_that_is_never_good_ends_as_a_refusal_and_not_in_a_loop(nim, env):
    nim.give(JOBS, replied(401))

    with pytest.raises(NimDenied, match="not even a fresh one"):
        await env.reads().catalogue.jobs()

    assert nim.paths == {"GET /api/Job/Job": 2}


async def test_a_write_is_replayed_once_after_a_401_because_it_wrote_nothing(nim, env):
    nim.give(RUN_JOB, replied(200))
    nim.give(JOBS, listed(JOB))
    await env.reads().catalogue.jobs()
    nim.good_tokens.clear()

    await env.writes.run_job(JobId("1001"))

    assert nim.paths[f"POST {RUN_JOB}"] == 2


async def test_a_wrong_secret_is_told_with_the_keys_to_check(nim, env):
    nim.token_answers = [replied(400, {"error": "invalid_client"})]

    with pytest.raises(NimDenied, match=r"nimdesk@nim\.example\.org") as told:
        await env.reads().catalogue.jobs()

    assert "client_secret" in told.value.advice
    assert "hush" not in str(told.value) + str(told.value.facts)


async def test_a_failing_token_endpoint_is_asked_once_for_all_who_wait(nim, env):
    nim.token_answers = [replied(400, {"error": "invalid_client"})]
    nim.token_seconds = 0.05

    results = await asyncio.gather(*(env.reads().job_runs() for _ in range(20)), return_exceptions=True)

    assert {type(one) for one in results} == {NimDenied}
    assert len(nim.token_forms) == 1


@pytest.mark.parametrize(
    ("status", "error", "words"),
    [
        (400, NimRejected, "does not accept the question for executions"),
        (403, NimDenied, "may not read executions"),
        (404, NimMissing, "no such thing among executions"),
        (409, NimConflict, "does not allow it"),
        (500, NimFailed, "failed inside"),
    ],
)
async def test_a_refusal_of_a_read_is_told_in_words_and_not_tried_again(nim, env, status, error, words):
    nim.give("/api/Job/JobInstance", replied(status, {"detail": "secret detail of the server"}))

    with pytest.raises(error, match=words) as told:
        await env.reads().job_runs()

    assert told.value.changed is False
    assert "secret detail" not in str(told.value) + told.value.advice
    assert nim.paths == {"GET /api/Job/JobInstance": 1}


async def test_a_missing_right_is_named_by_the_path_that_was_asked_under(nim, env):
    nim.give(JOBS, replied(403, {"detail": "no"}))

    with pytest.raises(NimDenied) as told:
        await env.reads().catalogue.jobs()

    assert "/Jobs/Job/Query" in told.value.advice


@pytest.mark.parametrize("status", [502, 503, 504])
async def test_a_read_survives_a_server_that_restarts(nim, env, status):
    nim.give(JOBS, replied(status, "<html>Bad Gateway"), replied(status), listed(JOB))

    jobs = await env.reads().catalogue.jobs()

    assert [job.identifier for job in jobs] == ["AD_Provisioning"]


async def test_a_read_gives_up_after_three_tries(nim, env):
    nim.give(JOBS, replied(503))

    with pytest.raises(NimBusy, match="starting or overloaded"):
        await env.reads().catalogue.jobs()

    assert nim.paths == {"GET /api/Job/Job": 3}


async def test_a_pause_that_identity_manager_asks_for_is_kept(nim, env):
    nim.give(JOBS, replied(429, **{"Retry-After": "1"}), listed(JOB))
    began = monotonic()

    await env.reads().catalogue.jobs()

    assert monotonic() - began >= 1


async def test_a_pause_given_as_a_date_is_kept(nim, env):
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    nim.give(JOBS, replied(429, **{"Retry-After": at}), listed(JOB))
    began = monotonic()

    await env.reads().catalogue.jobs()

    assert monotonic() - began >= 0.5


async def test_a_pause_too_long_to_wait_for_is_told_at_once(nim, env):
    nim.give(JOBS, replied(429, **{"Retry-After": "120"}))

    with pytest.raises(NimBusy) as told:
        await env.reads().catalogue.jobs()

    assert "120 seconds" in told.value.advice
    assert nim.paths == {"GET /api/Job/Job": 1}


async def test_a_login_page_instead_of_data_is_a_surprise(nim, env):
    nim.give(JOBS, replied(200, "<!DOCTYPE html><html><form>Sign in</form></html>"))

    with pytest.raises(NimSurprised, match="web page"):
        await env.reads().catalogue.jobs()


async def test_being_sent_to_a_login_page_is_a_surprise(nim, env):
    nim.give(JOBS, replied(302, None, Location="/login"))

    with pytest.raises(NimSurprised, match="elsewhere"):
        await env.reads().catalogue.jobs()

    assert nim.paths == {"GET /api/Job/Job": 1}


async def test_an_answer_that_breaks_off_is_asked_for_again(nim, env):
    nim.give(JOBS, cut_off, listed(JOB))

    assert len(await env.reads().catalogue.jobs()) == 1


async def test_an_answer_that_always_breaks_off_is_told_as_such(nim, env):
    nim.give(JOBS, cut_off)

    with pytest.raises(NimSurprised, match="broke off"):
        await env.reads().catalogue.jobs()


async def test_an_answer_of_another_shape_is_a_surprise_without_its_content(nim, env):
    nim.give(JOBS, replied(200, {"Rows": ["private"]}))

    with pytest.raises(NimSurprised) as told:
        await env.reads().catalogue.jobs()

    assert told.value.facts == {"shape": "Rows"}
    assert "private" not in str(told.value)


async def test_an_answer_larger_than_the_limit_is_not_read_to_its_end(nim, config):
    nim.give(JOBS, listed(*({**JOB, "Id": str(1000 + n)} for n in range(3000))))
    small = EnvironmentConfig(
        url=config.url, client_id="nimdesk", client_domain="x", client_secret="hush", largest_answer=100_000
    )

    async with NimEnvironment.open("production", small) as env:
        with pytest.raises(NimSurprised, match="larger"):
            await env.reads().catalogue.jobs()


async def test_a_slow_server_is_not_asked_again(nim, quick):
    nim.give(JOBS, hangs)

    async with NimEnvironment.open("production", quick) as env:
        with pytest.raises(NimUnreachable, match="in time"):
            await env.reads().catalogue.jobs()

    assert nim.paths == {"GET /api/Job/Job": 1}


async def test_nobody_listening_is_told_as_unreachable(config):
    nowhere = EnvironmentConfig(
        url="http://127.0.0.1:9", client_id="a", client_domain="b", client_secret="c", retry_pause_seconds=0.01
    )

    async with NimEnvironment.open("production", nowhere) as env:
        with pytest.raises(NimUnreachable, match="nothing accepts connections there") as told:
            await env.reads().catalogue.jobs()

    assert told.value.changed is False


@pytest.mark.parametrize(
    ("answer", "changed"),
    [
        (replied(400), False),
        (replied(403), False),
        (replied(404), False),
        (replied(409, {"code": "job_already_running"}), False),
        (replied(429, None, **{"Retry-After": "0"}), False),
        (replied(500), None),
        (replied(502), None),
        (replied(503), None),
        (replied(200, "<html>Sign in"), None),
        (cut_off, None),
        (hangs, None),
    ],
)
async def test_a_write_is_sent_once_and_says_what_is_known_of_its_effect(nim, quick, answer, changed):
    nim.give(RUN_JOB, answer)

    async with NimEnvironment.open("production", quick) as env:
        with pytest.raises(NimError, match="Identity Manager") as told:
            await env.writes.run_job(JobId("1001"))

    assert told.value.changed is changed
    assert nim.paths == {f"POST {RUN_JOB}": 1}


async def test_a_write_that_could_not_be_sent_changed_nothing(config):
    nowhere = EnvironmentConfig(
        url="http://127.0.0.1:9", client_id="a", client_domain="b", client_secret="c", retry_pause_seconds=0.01
    )

    async with NimEnvironment.open("production", nowhere) as env:
        with pytest.raises(NimUnreachable) as told:
            await env.writes.run_job(JobId("1001"))

    assert told.value.changed is False


async def test_unblocking_sets_one_order_to_pending_and_ignores_the_body_of_the_answer(nim, env):
    nim.give(UNBLOCK, replied(200))

    await env.writes.unblock(OrderId("3930001"))

    assert nim.paths == {f"PUT {UNBLOCK}": 1}
    assert [json.loads(body) for body in nim.bodies] == [{"ProvisioningState": 1}]


async def test_an_id_that_is_no_number_is_never_sent(nim, env):
    with pytest.raises(NotUnderstood):
        await env.writes.unblock(OrderId("1/../../Job/RunJob/5"))

    assert nim.asked == []


async def test_every_request_of_a_question_is_in_its_ledger_and_in_no_other(nim, env):
    nim.give("/api/Job/JobInstance", replied(503), listed({"Id": "1", "JobId": "2"}, {"Id": "3", "JobId": "2"}))
    first, second = env.reads(), env.reads()

    await first.job_runs()

    assert [(made.method, made.path, made.status, made.rows) for made in first.requests] == [
        ("GET", "/api/Job/JobInstance", 503, None),
        ("GET", "/api/Job/JobInstance", 200, 2),
    ]
    assert first.requests[1].query == nim.squeries[1]
    assert second.requests == ()


async def test_the_environments_time_follows_the_date_header(nim, env):
    async def tomorrow(request):
        answer = await listed()(request)
        answer.headers["Date"] = format_datetime(datetime.now(UTC) + timedelta(days=1), usegmt=True)
        return answer

    nim.give("/api/Job/JobInstance", tomorrow)

    page = await env.reads().job_runs()

    assert abs(env.now() - datetime.now(UTC) - timedelta(days=1)) < timedelta(seconds=2)
    assert abs(page.read_at - env.now()) < timedelta(seconds=2)


async def test_metrics_are_told_of_every_request(nim, config):
    nim.give(RUN_JOB, replied(200))
    told: list[RequestMade] = []

    async with NimEnvironment.open("production", config, on_request=told.append) as env:
        await env.writes.run_job(JobId("1001"))

    assert [(made.method, made.path, made.status) for made in told] == [("POST", RUN_JOB, 200)]


async def test_a_file_of_authorities_that_is_none_is_a_wrong_setting(config, tmp_path):
    wrong = EnvironmentConfig(
        url=config.url, client_id="a", client_domain="b", client_secret="c", ca_file=str(tmp_path / "none.pem")
    )

    with pytest.raises(SettingsError, match="ca_file"):
        async with NimEnvironment.open("production", wrong):
            pass


async def test_an_unknown_run_is_missing(nim, env):
    with pytest.raises(NimMissing):
        await env.reads().job_run(JobRunId("5"))
