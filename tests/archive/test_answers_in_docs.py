"""The answers that docs/archive.md shows are those of the archive."""

import re
from pathlib import Path

import pytest
from tests.support.answers import Answers

PAGE = (Path(__file__).parents[2] / "docs" / "archive.md").read_text(encoding="utf-8")
ANSWERS = re.findall(r"```sql\n(.*?)\n```\n\n```text\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize(("query", "answer"), ANSWERS)
def test_an_answer_in_the_docs_is_right(answers: Answers, query: str, answer: str) -> None:
    """A query in the page prints the answer below it."""
    assert answer == answers.run("sql", query).stdout


def test_every_query_in_the_docs_has_an_answer() -> None:
    """No query of the page is without an answer that is compared."""
    assert len(ANSWERS) == PAGE.count("```sql")
