"""Rules that must bite: with a rule taken away the checker finds a violation, under faults that do no harm with it."""

import pytest

from tests.faults.explore import Theater
from tests.faults.removed import RULES, Rule
from tests.faults.scenarios import BY_NAME

NAMES = [rule.name for rule in RULES]


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_with_the_rule_these_faults_do_no_harm(house: Theater, rule: Rule) -> None:
    assert house.live(BY_NAME[rule.scenario], rule.plan, rule.change) == []


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_without_the_rule_the_checker_finds_it(house: Theater, rule: Rule) -> None:
    with rule.without():
        found = house.live(BY_NAME[rule.scenario], rule.plan, rule.change)
    harm = [one for one in found if not one.text.startswith("never came to")]
    assert harm, f"taken away, and nobody noticed: {rule.name}"


def test_there_are_enough_rules_and_each_has_a_name_of_its_own() -> None:
    assert len(set(NAMES)) == len(RULES) >= 12
