"""The test vectors of troubleshooting 4.4, and the traps of 4.3."""

from datetime import timedelta

import pytest

from bot.diagnosis.patterns import Match, Measures, Pattern, pattern_of, worst
from bot.model.finding import Certainty

SWAP = {"FirstName": 0.996, "LastName": 0.998}
REORG = {"Organization": 0.995, "Manager": 0.99}
DATES = {"StartDate": 0.99, "EndDate": 0.97}


@pytest.mark.parametrize(
    ("measures", "expected", "certainty"),
    [
        (Measures(0, 4812, 0, 0), Pattern.FIRST_LOAD, Certainty.CONFIRMED),
        (Measures(4812, 0, 0, 4796, rows=16, rows_before=4811), Pattern.EMPTY_FILE, Certainty.CONFIRMED),
        (Measures(4812, 0, 0, 4796), Pattern.EMPTY_FILE, Certainty.LIKELY),
        (Measures(12, 0, 0, 12, only_percent=True), Pattern.EMPTY_FILE, Certainty.LIKELY),
        (Measures(2100, 2092, 0, 2090, same_key=0.99), Pattern.KEY_FORMAT, Certainty.LIKELY),
        (Measures(2100, 2092, 0, 2090, same_key=0.01, same_person=0.97), Pattern.KEY_COLUMN, Certainty.LIKELY),
        (Measures(2100, 2010, 0, 2090, same_key=0.0, same_person=0.01), Pattern.REPLACED_DATA, Certainty.LIKELY),
        (Measures(4812, 0, 4810, 0, property_shares=SWAP, swapped=1.0), Pattern.COLUMN_SWAP, Certainty.LIKELY),
        (
            Measures(4812, 0, 4810, 0, property_shares=SWAP, swapped=1.0, header_changed=True),
            Pattern.COLUMN_SWAP,
            Certainty.CONFIRMED,
        ),
        (
            Measures(4812, 0, 4500, 0, property_shares=REORG, swapped=0.0, pairs_for_most=12),
            Pattern.REORG,
            Certainty.POSSIBLE,
        ),
        (
            Measures(4812, 0, 4640, 0, property_shares=DATES, dates_only=True, reformatted=1.0),
            Pattern.DATE_FORMAT,
            Certainty.LIKELY,
        ),
        (
            Measures(4812, 0, 4640, 0, property_shares={"StartDate": 1.0}, dates_only=True, reformatted=0.0),
            Pattern.MIXED,
            Certainty.UNKNOWN,
        ),
        (
            Measures(4812, 0, 4700, 0, property_shares={"Phone": 1.0}, emptied=1.0),
            Pattern.COLUMN_LOST,
            Certainty.LIKELY,
        ),
        (Measures(9800, 4, 0, 612, one_place=1.0, ended=0.0), Pattern.SCOPE_LOSS, Certainty.LIKELY),
        (Measures(3000, 0, 0, 210, one_place=0.97, ended=1.0), Pattern.LEAVER_WAVE, Certainty.LIKELY),
        (Measures(3000, 200, 0, 0, one_place=0.97, starting=1.0), Pattern.BULK_HIRE, Certainty.POSSIBLE),
        (Measures(3000, 200, 0, 0, one_place=0.97, starting=0.1), Pattern.SCOPE_GAIN, Certainty.LIKELY),
        (Measures(180, 0, 11, 0, only_percent=True), Pattern.SMALL_TABLE, Certainty.CONFIRMED),
        (Measures(9800, 60, 90, 40, idle=timedelta(days=3), daily=70), Pattern.CATCH_UP, Certainty.LIKELY),
    ],
)
def test_the_vectors_of_the_guide(measures, expected, certainty):
    found = pattern_of(measures)
    assert (found.pattern, found.certainty) == (expected, certainty)


def backlog(inserted: int, updated: int, deleted: int, **more) -> Measures:
    """Three days after the last one, in a system of some seventy changes a day."""
    return Measures(9800, inserted, updated, deleted, idle=timedelta(days=3), daily=70, **more)


def test_a_backlog_is_not_told_from_how_much_changes_when_rows_go_that_usually_stay():
    assert pattern_of(backlog(0, 40, 260, daily_deleted=1)).pattern is Pattern.MIXED
    assert pattern_of(backlog(0, 100, 150, daily_deleted=40)).pattern is Pattern.CATCH_UP
    assert pattern_of(backlog(260, 40, 0, daily_inserted=1)).pattern is Pattern.MIXED


def test_a_backlog_counts_all_tables_of_the_run():
    assert pattern_of(backlog(60, 90, 40, whole_run=900)).pattern is Pattern.MIXED


def test_a_lower_bound_is_no_backlog():
    assert pattern_of(backlog(60, 90, 40, exact=False)).pattern is Pattern.MIXED


def test_two_idle_days_are_needed_for_a_backlog():
    one = Measures(9800, 60, 90, 40, idle=timedelta(hours=47), daily=700)
    assert pattern_of(one).pattern is Pattern.MIXED


def test_a_cut_file_is_confirmed_by_its_last_line():
    cut = Measures(4812, 0, 0, 2100, rows=2712, rows_before=4812, tail_of_keys=True)
    assert pattern_of(cut).certainty is Certainty.POSSIBLE
    assert pattern_of(Measures(4812, 0, 0, 2100, rows=2712, rows_before=4812, last_line_cut=True)) == Match(
        Pattern.TRUNCATED, Certainty.CONFIRMED, "the file looks cut off at its end"
    )


def test_an_empty_delta_proves_nothing():
    assert pattern_of(Measures(4812, 0, 0, 4796, rows=0, incremental=True)).certainty is Certainty.LIKELY


def test_hired_people_who_are_there_already_are_no_hire():
    assert pattern_of(Measures(3000, 200, 0, 0, starting=1.0, same_person=0.6)).pattern is Pattern.MIXED


def test_a_wider_scope_of_people_who_are_there_already_is_none():
    assert pattern_of(Measures(3000, 200, 0, 0, one_place=1.0, starting=0.1, same_person=0.8)).pattern is Pattern.MIXED


def test_a_third_of_a_small_table_deleted_is_no_ordinary_day():
    assert pattern_of(Measures(42, 0, 0, 15, only_percent=True)).pattern is Pattern.MIXED
    assert pattern_of(Measures(42, 0, 0, 6, only_percent=True)).pattern is Pattern.SMALL_TABLE


def test_counts_that_are_a_lower_bound_are_less_sure():
    assert pattern_of(Measures(4812, 0, 0, 4796, rows=16, rows_before=4811, exact=False)).certainty is Certainty.LIKELY


def test_links_that_go_while_rows_stay_are_a_pattern_of_their_own():
    assert pattern_of(Measures(4812, 0, 0, 0, links_deleted=9341)).pattern is Pattern.LINK_COLLAPSE


def test_a_harmless_table_never_hides_a_dangerous_one():
    tables = {"a": pattern_of(Measures(180, 0, 11, 0, only_percent=True)), "b": pattern_of(Measures(4812, 0, 0, 4796))}
    assert worst(tables, {"a": 11, "b": 4796}) == "b"


def test_a_small_harmless_table_never_speaks_for_a_large_unclear_one():
    tables = {"a": pattern_of(Measures(180, 0, 11, 0, only_percent=True)), "b": pattern_of(Measures(4812, 0, 1000, 0))}
    assert worst(tables, {"a": 11, "b": 1000}) == "b"
