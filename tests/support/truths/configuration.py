"""The truth about the configuration: escalations, routing rules, rotations and users."""

from collections.abc import Iterator
from typing import Any

from opsgenie_simulator.records import Body
from opsgenie_simulator.settings.escalations import escalations
from opsgenie_simulator.settings.inventory import members_of
from opsgenie_simulator.settings.schedules import schedules
from opsgenie_simulator.settings.teams import routing_rules
from opsgenie_simulator.settings.users import contacts
from tests.support.answers import Answers, Compared


def in_words(answers: Answers, recipient: Body) -> str:
    """A recipient as the views name it."""
    if recipient["type"] == "none":
        return "no one"
    if recipient["type"] == "user":
        return str(answers.account.users[recipient["id"]]["fullName"])
    return f"{recipient['name']} ({recipient['type']})"


def values(answers: Answers, view: str, *names: str) -> set[tuple[Any, ...]]:
    """The values of each row of *view*, by *names*."""
    return {tuple(row[name] for name in names) for row in answers.rows(view)}


def escalation_steps(answers: Answers) -> Iterator[Compared]:
    """Each step of an escalation has a row with its delay and the name of its recipient."""
    expected = {
        (one["name"], step, rule["delay"]["timeAmount"], rule["condition"], in_words(answers, rule["recipient"]))
        for one in answers.account.settings.derive(escalations)
        for step, rule in enumerate(one["rules"], start=1)
    }

    yield Compared(
        "escalation_steps",
        expected,
        values(answers, "escalation_steps", "escalation", "step", "delay", "condition", "recipient"),
    )


def hours_in_words(restriction: Body | None) -> str | None:
    """The hours of a restriction as the views name them."""
    if not restriction:
        return None
    parts = restriction.get("restrictions") or [restriction["restriction"]]
    texts = [
        f"{part.get('startDay', '')} {part['startHour']:02}:{part['startMin']:02} to "
        f"{part.get('endDay', '')} {part['endHour']:02}:{part['endMin']:02}"
        for part in parts
    ]
    return ", ".join(" ".join(text.split()) for text in texts)


def rules_of_teams(answers: Answers) -> Iterator[Compared]:
    """Each routing rule has a row with its hours and recipient, and its conditions in words."""
    expected = {
        (team["name"], rule["order"], hours_in_words(rule.get("timeRestriction")), in_words(answers, rule["notify"]))
        for team in answers.account.teams.values()
        for rule in routing_rules(team)
    }
    yield Compared("routing_rules", expected, values(answers, "routing_rules", "team", "position", "hours", "notifies"))


def rotations(answers: Answers) -> Iterator[Compared]:
    """Each participant of a rotation has a row, in the order of their turns."""
    expected = {
        (
            schedule["name"],
            rotation["name"],
            place,
            in_words(answers, participant),
            f"{rotation['length']} {rotation['type']}",
        )
        for schedule in answers.account.settings.derive(schedules)
        for rotation in schedule["rotations"]
        for place, participant in enumerate(rotation["participants"], start=1)
    }

    yield Compared(
        "rotations", expected, values(answers, "rotations", "schedule", "rotation", "place", "participant", "turn")
    )


def user_directory(answers: Answers) -> Iterator[Compared]:
    """Each user has a row with teams and contacts."""
    teams = answers.account.teams.values()
    expected = set()
    for user in answers.account.users.values():
        of = sorted(team["name"] for team in teams if user["id"] in [member["id"] for member in members_of(team)])
        notified = [
            f"{one['method']} {one['to']}{'' if one['status']['enabled'] else ' (disabled)'}" for one in contacts(user)
        ]
        expected.add((user["fullName"], user["username"], ", ".join(of) or None, ", ".join(notified)))

    yield Compared(
        "user_directory", expected, values(answers, "user_directory", "person", "username", "teams", "contacts")
    )


CONFIGURATION = (escalation_steps, rules_of_teams, rotations, user_directory)
