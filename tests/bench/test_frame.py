"""What `make bench` relies on: limits that are read rightly, comparison that is fair, pages made from results."""

import json
import subprocess
import sys

import pytest

from bench import __main__ as program
from bench import budgets, results
from bench.budgets import BadBudgets, Budget, Promise
from bench.figures import Figure, Pairs, in_turn, percentile

pytestmark = pytest.mark.bench


def figure(value, **more):
    return Figure("speed", value, "ms", "measured seven times", **more)


def test_every_promise_has_a_benchmark_with_a_time_cap():
    assert set(budgets.read()) == set(program.CAPS)


def test_every_limit_says_where_it_was_promised():
    limits = [limit for promise in budgets.read().values() for limit in promise.figures.values()]

    assert limits
    assert all(limit.source and limit.unit for limit in limits)


def test_a_limit_is_kept_up_to_its_last_digit():
    assert Budget("ms", "", most=25).holds(25)
    assert not Budget("ms", "", most=25).holds(25.01)
    assert Budget("x", "", least=0.85).holds(0.85)
    assert not Budget("x", "", least=0.85).holds(0.84)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("[a]\nabout = 'x'\n[a.b]\nmost = 1\nleast = 1", "a.b"),
        ("[a]\nabout = 'x'\n[a.b]\nunit = 'ms'", "a.b"),
        ("[a]\nabout = 'x'\n[a.b]\nmost = '1'", "a.b.most"),
        ("[a]\nabout = 'x'\n[a.b]\nmost = 1\nmuch = 1", "a.b.much"),
        ("[a.b]\nmost = 1", "a.about"),
    ],
)
def test_a_limit_without_a_meaning_is_refused_by_name(tmp_path, text, names):
    file = tmp_path / "budgets.toml"
    file.write_text(text)

    with pytest.raises(BadBudgets, match=f"^{names}:"):
        budgets.read(file)


def test_a_disturbance_of_one_round_does_not_move_the_ratio():
    quiet = Pairs([11.0] * 7, [10.0] * 7)
    disturbed = Pairs([11.0] * 6 + [90.0], [10.0] * 7)

    assert quiet.ratio == disturbed.ratio == pytest.approx(1.1)


async def test_whoever_goes_first_changes_from_round_to_round():
    turns = []

    def thing(name):
        async def measure():
            turns.append(name)
            return float(len(turns))

        return measure

    values = await in_turn([thing("a"), thing("b"), thing("c")], rounds=3)

    assert "".join(turns) == "abcbcacab"
    assert [len(one) for one in values] == [3, 3, 3]


def test_a_percentile_is_a_value_that_was_measured():
    assert percentile(range(1, 101), 0.99) == 99
    assert percentile([5.0], 0.99) == 5.0
    assert percentile([1, 2, 3], 1.0) == 3


def test_a_result_names_no_machine_and_no_path():
    kept = results.record("speed", [figure(1.0)], Promise("Speed", {}), seconds=1, loads=(0, 0))

    assert set(kept["machine"]) == {"cores", "system", "architecture", "python", "packages"}


def test_the_page_gets_the_latest_figures_and_keeps_its_words(tmp_path):
    page = tmp_path / "performance.md"
    page.write_text(f"# Before\n\n{results.BEGIN}\nold\n{results.END}\n\nAfter\n")
    promise = Promise("How fast", {"speed": Budget("ms", "", most=25)})
    kept = results.record("one", [figure(26.0, peer=13.0, against="a peer")], promise, seconds=3, loads=(0.1, 0.2))
    (tmp_path / "one.json").write_text(json.dumps(kept))

    for _ in range(2):
        results.write_page({"one": promise}, page, tmp_path)
    text = page.read_text()

    assert text.startswith("# Before")
    assert text.endswith("After\n")
    assert "old" not in text
    assert text.count("### one") == 1
    assert "| 26 ms | ≤ 25 |" in text
    assert "| over |" in text


def test_an_unknown_name_is_told_with_those_that_exist():
    ran = subprocess.run([sys.executable, "-m", "bench", "speed"], capture_output=True, text=True, check=False)

    assert ran.returncode == 2
    assert "ack" in ran.stderr
