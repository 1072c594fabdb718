"""`sync`, `value`, `access`, `rule` and `why` before a real Identity Manager."""

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")


def rows(answer, section=0):
    return {row["title"]: row for row in answer["sections"][section]["rows"]}


async def test_sync_shows_every_connector_with_its_rhythm(bench):
    answer = await bench.asks("sync")

    seen = rows(answer)
    assert "every 15 min" in seen["Active Directory"]["cells"]
    assert "every 24 h" in seen["Active Directory"]["cells"]
    assert "no incremental job" in seen["SAP"]["cells"]
    assert answer["requests"] <= 7


async def test_sync_of_a_connector_is_its_finding_with_jobs_and_thresholds(bench):
    answer = await bench.asks("sync AD")

    assert (answer["kind"], answer["symptom"]) == ("finding", 2)
    assert {"AD Incremental", "AD Complete"} <= set(rows(answer))
    assert any(cell.startswith("stops at: ") for cell in rows(answer, 1)["All of Active Directory"]["cells"])
    assert any("rows stored" in cell for cell in rows(answer, 1)["AD_Entry"]["cells"])


async def test_sync_of_a_connector_without_an_incremental_job_says_so(bench):
    assert rows(await bench.asks("sync SAP"))["No incremental job"]["mark"] == "missing"


async def test_sync_looks_for_the_object_that_is_missed(bench):
    there, absent = await bench.asks("sync AD jdoe"), await bench.asks("sync AD nobody.of.that.name")

    assert "jdoe is stored" in {fact["value"] for fact in there["evidence"]}
    assert "nobody.of.that.name is not stored" in {fact["value"] for fact in absent["evidence"]}


async def test_sync_of_a_person_asks_the_connector_of_the_persons_record(bench):
    assert (await bench.asks("sync jdoe"))["title"].startswith("Human resources")


async def test_a_person_whose_identity_says_what_its_source_says_is_no_finding(bench):
    answer = await bench.asks("sync jdoe")

    assert answer["cause"] == "2m"
    assert answer["requests"] <= 11


async def test_a_restore_concerns_every_connector_that_is_synchronized_incrementally(bench):
    answer = await bench.asks("incremental does not pick up new servers since the restore")

    assert (answer["symptom"], answer["cause"], answer["certainty"]) == (2, "2f", "likely")
    assert {offer["action"] for offer in answer["offers"] if offer["allowed"]} == {"relaunch_complete"}
    assert len({offer["target"] for offer in answer["offers"]}) == len(answer["offers"]) > 1


async def test_a_restore_told_of_one_connector_is_about_that_connector(bench):
    answer = await bench.asks("since the restore of the database AD data are missing")

    assert (answer["cause"], answer["certainty"]) == ("2f", "likely")
    assert answer["title"].startswith("Active Directory")


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("value jdoe", ["Mail address", "Title", "Department"]),
        ("jdoe has a wrong value", ["Mail address", "Title", "Department"]),
        ("jdoe was moved to Paris but is still in Lyon", ["City", "Department"]),
    ],
)
async def test_without_a_property_those_that_may_be_meant_are_offered(bench, words, offered):
    answer = await bench.asks(words)

    assert [one["label"] for one in answer["choices"]] == offered
    chosen = await bench.asks(f"value {answer['choices'][0]['thing']}")
    assert (chosen["kind"], chosen["symptom"]) == ("finding", 6)


async def test_value_takes_the_property_by_the_words_of_the_helpdesk(bench):
    answer = await bench.asks("value jdoe AD mail address")

    assert answer["symptom"] == 6
    assert any(fact["value"].startswith("mail: ") for fact in answer["evidence"])


async def test_value_of_a_name_of_two_words(bench):
    assert "Leroy" in (await bench.asks("value anne leroy department"))["title"]


@pytest.mark.parametrize("text", ["value", "access", "rule"])
async def test_what_is_left_out_is_asked_for_with_an_example(bench, text):
    answer = await bench.asks(text)

    assert answer["title"].endswith("?")
    assert f"/nim {text} " in answer["next"]


async def test_access_lists_what_somebody_holds(bench):
    answer = await bench.asks("access jdoe")

    assert answer["symptom"] == 8
    assert any("AD account" in fact["value"] for fact in answer["evidence"])


async def test_access_takes_the_right_behind_a_name_of_two_words(bench):
    answer = await bench.asks("access anne leroy Unheard Of")

    assert (answer["cause"], "Leroy" in answer["title"]) == ("8k", True)
    assert "Unheard Of" in answer["title"]


async def test_rule_of_a_property_shows_its_text_in_each_system(bench):
    answer = await bench.asks("rule department")

    assert {"AD account", "Entra ID account"} <= set(rows(answer))
    assert any("person.Organization" in cell for cell in rows(answer)["AD account"]["cells"])
    assert any(cell.startswith("last changed ") for cell in rows(answer)["AD account"]["cells"])


async def test_rule_is_narrowed_to_a_system(bench):
    assert set(rows(await bench.asks("rule AD department"))) == {"AD account"}


async def test_rule_of_a_role_is_found_by_words_of_its_name(bench):
    answer = await bench.asks("rule finance share")

    assert set(rows(answer)) == {"Finance share"}
    assert any("Finance" in cell for cell in rows(answer)["Finance share"]["cells"])


async def test_rule_of_nothing_says_what_that_can_mean(bench):
    answer = await bench.asks("rule Unheard Of")

    assert "Unheard Of" in answer["title"]
    assert "requested" in answer["next"]


async def test_why_of_a_quiet_system_tells_how_old_its_data_are(bench):
    assert (await bench.asks("why AD"))["symptom"] == 2


async def test_why_of_somebody_in_a_system_is_about_that_person(bench):
    answer = await bench.asks("why jdoe AD")

    assert answer["kind"] == "finding"
    assert answer["title"].startswith("Doe John")


async def test_why_of_a_run_reads_that_run(bench):
    run = (await bench.asks("job AD_Synchronization_Complete"))["sections"][1]["rows"][0]["title"].removeprefix("Run ")

    answer = await bench.asks(f"why run {run}")

    assert answer["title"].endswith("went well")
    assert f"Run {run}" in answer["text"]


async def test_orders_of_a_system_are_those_of_all_its_resource_types(bench):
    answer = await bench.asks("orders waiting AD")

    assert answer["kind"] == "list"


async def test_help_lists_the_new_questions(bench):
    listed = " ".join(rows(await bench.asks("help")))

    assert all(f"/nim {verb} " in listed for verb in ("sync", "value", "access", "rule"))
