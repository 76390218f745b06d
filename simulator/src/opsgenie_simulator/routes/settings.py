"""Lists of settings, which come whole, and the single settings in them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from opsgenie_simulator.errors import not_found, outside_team
from opsgenie_simulator.parameters import parse_choice
from opsgenie_simulator.records import Body
from opsgenie_simulator.routes.route import Ask, Content, encoded


def whole(row: Body) -> Body:
    """What is shown of a setting: all of it."""
    return row


def without(*names: str) -> Callable[[Body], Body]:
    """What is shown of a setting: all but these fields."""
    return lambda row: {name: value for name, value in row.items() if name not in names}


def only(*names: str) -> Callable[[Body], Body]:
    """What is shown of a setting: these fields alone."""
    return lambda row: {name: row[name] for name in names if name in row}


@dataclass(frozen=True, slots=True)
class Kind:
    """Settings of one kind: where they are, what lists and single answers show of them, and how one is found.

    *name* is the name in the path, *type_name* the parameter that says which of the fields in *found_by* it gives.
    Settings in which a team *owns* its share are visible to that team's key; others hang on something that is.
    """

    what: str
    rows: Callable[[Ask], Sequence[Body]]
    shown: Callable[[Body], Body] = whole
    alone: Callable[[Body], Body] = whole
    name: str = "identifier"
    type_name: str = "identifierType"
    found_by: tuple[str, ...] = ("id",)
    owned: bool = True

    def all(self, ask: Ask) -> Content:
        """Every setting of this kind that the key may see."""
        return encoded([self.shown(row) for row in self.seen(ask)])

    def seen(self, ask: Ask) -> list[Body]:
        """The settings of this kind that the key may see, in full."""
        return [row for row in self.rows(ask) if self._may_see(ask, row)]

    def one(self, ask: Ask) -> Content:
        """One setting by itself."""
        return encoded(self.alone(self.found(ask)))

    def found(self, ask: Ask) -> Body:
        """The setting that the path names, if it is there and the key may see it."""
        field = parse_choice(ask.query, self.type_name, values=self.found_by)
        row = next((row for row in self.rows(ask) if row.get(field) == ask.names[self.name]), None)
        if row is None:
            raise not_found(self.what)
        if not self._may_see(ask, row):
            raise outside_team("You are not authorized to access this resource")
        return row

    def _may_see(self, ask: Ask, row: Body) -> bool:
        owners = [row.get("teamId"), row.get("ownerTeam", {}).get("id"), *(team["id"] for team in row.get("teams", ()))]
        return not self.owned or ask.key.team_id in (None, *owners)
