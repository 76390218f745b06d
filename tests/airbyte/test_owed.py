"""One bad object in each stream, through Airbyte's verbs."""

import pytest
from tests.support.broken import Broken, one_of_each
from tests.support.every_stream import account_of
from tests.support.verbs import Output, Verbs

from opsgenie_simulator import Account
from source_opsgenie.streams import STREAMS, is_incremental

# Rows of the broken user's rules.
BELOW = "user_notification_rule_steps"
UNHARMED = ("alerts", "alert_notes", "incidents", "users", "teams", "maintenances")


@pytest.fixture
def account() -> Account:
    """A small account with rows in every list."""
    return account_of()


def incomplete(output: Output) -> set[str]:
    """The streams that did not end as complete."""
    return {name for name, statuses in output.statuses().items() if statuses[-1] != "COMPLETE"}


def test_one_bad_object_in_each_stream(source: Verbs, account: Account, broken: Broken) -> None:
    """Each makes its own stream incomplete, and nothing else is missing; after the cure, the next read has the rest."""
    victims = one_of_each(account)
    streams = [*victims, BELOW, *UNHARMED]
    complete = source.read(*streams)
    broken.patterns = list(victims.values())
    first = source.read(*streams)
    second = source.read(*streams, state=first.last_states())
    broken.patterns = []
    third = source.read(*streams, state=second.last_states())
    rows = {name: set(complete.keys(name)) for name in streams}

    assert (first.exit_code, second.exit_code, third.exit_code) == (1, 1, 0)
    assert incomplete(first) == incomplete(second) == {*victims, BELOW}
    assert all(set(first.keys(name)) == rows[name] for name in UNHARMED)
    assert not [name for name in streams if is_incremental(STREAMS[name]) and second.records(name)]
    assert incomplete(third) == set()
    assert {name: set(first.keys(name)) | set(third.keys(name)) for name in streams} == rows
    assert all(path in str(first.errors()) for path in victims.values())
