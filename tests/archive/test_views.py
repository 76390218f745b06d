"""The ready views are right, exist in every archive, are described, and follow the installed version."""

from collections.abc import Callable, Iterator

import duckdb
import pytest
from tests.support.answers import Answers, Compared
from tests.support.archive_command import Command
from tests.support.truths import TRUTHS

from source_opsgenie.archive import schema, views
from source_opsgenie.archive.views import View
from source_opsgenie.streams import STREAMS

TABLES = [view for view in views.all_views() if view.kind == "VIEW"]


def test_no_view_fails_where_a_stream_was_not_chosen(archive: Command) -> None:
    """With one stream synced, each view returns rows or none; only that stream counts as read."""
    archive.sync("--streams", "teams")

    for view in TABLES:
        archive.query(f"FROM report.{view.name}")
    assert [("teams",)] == archive.query("SELECT stream FROM report.completeness")
    assert [("teams",)] == archive.query("SELECT stream FROM _archive.streams")


@pytest.mark.parametrize("view", TABLES, ids=[view.name for view in TABLES])
def test_every_view_has_rows(answers: Answers, view: View) -> None:
    """In an archive of everything, no view is empty, and every column of it has a value somewhere."""
    rows = answers.rows(view.name)

    assert rows
    assert set() == {name for name in rows[0] if all(row[name] is None for row in rows)}


@pytest.mark.parametrize("truth", TRUTHS, ids=lambda truth: truth.__name__)
def test_a_view_is_right(answers: Answers, truth: Callable[[Answers], Iterator[Compared]]) -> None:
    """The views return what Python computes from the account."""
    for compared in truth(answers):
        assert compared.expected == compared.found, compared.view


def test_conditions_are_in_words(answers: Answers) -> None:
    """The conditions of a routing rule can be read."""
    assert {
        "match-all",
        "match-all-conditions: extra-properties host contains disk; priority not equals P5",
        "match-all-conditions: message contains disk; priority not equals P5",
    } == {row["criteria"] for row in answers.rows("routing_rules")}


def test_business_hours_can_be_chosen(answers: Answers) -> None:
    """With business hours from 0 to 24, only weekends are off hours, and the hours stay the same."""
    rows = answers.rows("SELECT * FROM report.on_call_hours_between(0, 24) WHERE team IS NULL")
    usual = answers.rows("on_call_hours")

    assert [row["hours"] for row in usual] == [row["hours"] for row in rows]
    assert sum(row["business_hours"] for row in usual) < sum(row["business_hours"] for row in rows)


def test_completeness(answers: Answers) -> None:
    """Each stream that was chosen has a row with its proof."""
    rows = answers.rows("completeness")

    assert all(row["is_complete"] and row["proof"] for row in rows)
    assert "alerts" in {row["stream"] for row in rows}


def test_every_view_is_described(answers: Answers) -> None:
    """Each view and macro has its description as a comment in the file."""
    described = answers.rows(
        "SELECT view_name AS name, comment FROM duckdb_views() WHERE schema_name = 'report' "
        "UNION ALL SELECT function_name, comment FROM duckdb_functions() WHERE schema_name = 'report'"
    )

    assert {(view.name, view.description) for view in views.all_views()} == {
        (row["name"], row["comment"]) for row in described
    }
    assert all(view.description.endswith(".") for view in views.all_views())


def test_views_follow_the_installed_version(archive: Command) -> None:
    """A sync replaces views of an older version and drops those that no longer exist; a user's own view stays."""
    archive.sync("--streams", "teams")
    with duckdb.connect(str(archive.path)) as database:
        database.execute("CREATE VIEW report.mine AS SELECT 1 AS one; CREATE VIEW report.retired AS SELECT 2 AS two")
        database.execute("CREATE OR REPLACE VIEW report.names AS SELECT 3 AS three")
        database.execute(
            "CREATE OR REPLACE VIEW _archive.views AS FROM "
            "(VALUES ('older', 'VIEW', 'names'), ('older', 'VIEW', 'retired')) AS installed (digest, kind, name)"
        )
    archive.sync("--streams", "teams")
    names = {name for (name,) in archive.query("SELECT view_name FROM duckdb_views() WHERE schema_name = 'report'")}

    assert "mine" in names
    assert "retired" not in names
    assert 4 == len(archive.query("SELECT label FROM report.names WHERE kind = 'team'"))


def test_current_views_are_not_created_again() -> None:
    """The views of a file that is up to date are left alone."""
    with duckdb.connect() as database:
        database.execute("ATTACH ':memory:' AS archive; USE archive")
        schema.create(database)
        schema.ensure_tables(database, [STREAMS["teams"]])
        database.execute("CREATE OR REPLACE VIEW report.people AS SELECT 1 AS kept")
        schema.ensure_tables(database, [STREAMS["teams"]])

        assert [(1,)] == database.execute("FROM report.people").fetchall()
