"""Collections of settings: a list without paging, and each setting on its own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from opsgenie_simulator.errors import not_found, outside_team
from opsgenie_simulator.parameters import parse_choice
from opsgenie_simulator.records import Body
from opsgenie_simulator.routes.route import Ask, Content, encode


def every_field(row: Body) -> Body:
    """Show all fields of a setting."""
    return row


def without(*names: str) -> Callable[[Body], Body]:
    """Show all fields of a setting except *names*."""
    return lambda row: {name: value for name, value in row.items() if name not in names}


def only(*names: str) -> Callable[[Body], Body]:
    """Show no fields of a setting except *names*."""
    return lambda row: {name: row[name] for name in names if name in row}


@dataclass(frozen=True, slots=True)
class Collection:
    """Settings of one kind, and what the list and the single response show of them.

    The path parameter *id_param* identifies a setting by one of its *id_fields*; the query parameter *type_param*
    chooses the field. A *team_scoped* setting is visible to the key of its own team; the visibility of any other
    setting is that of its parent.
    """

    noun: str
    rows: Callable[[Ask], Sequence[Body]]
    listed: Callable[[Body], Body] = every_field
    single: Callable[[Body], Body] = every_field
    id_param: str = "identifier"
    type_param: str = "identifierType"
    id_fields: tuple[str, ...] = ("id",)
    team_scoped: bool = True

    def list_rows(self, ask: Ask) -> Content:
        """Return the list of settings that the key can see."""
        return encode([self.listed(row) for row in self.visible_rows(ask)])

    def visible_rows(self, ask: Ask) -> list[Body]:
        """Return the settings that the key can see, with all fields."""
        return [row for row in self.rows(ask) if self._can_see(ask, row)]

    def get_row(self, ask: Ask) -> Content:
        """Return the single setting that the path identifies."""
        return encode(self.single(self.find_row(ask)))

    def find_row(self, ask: Ask) -> Body:
        """Find the setting that the path identifies, or raise if it is missing or not visible."""
        field = parse_choice(ask.query, self.type_param, values=self.id_fields)
        row = next((row for row in self.rows(ask) if row.get(field) == ask.path_params[self.id_param]), None)
        if row is None:
            raise not_found(self.noun)
        if not self._can_see(ask, row):
            raise outside_team("You are not authorized to access this resource")
        return row

    def _can_see(self, ask: Ask, row: Body) -> bool:
        owners = [row.get("teamId"), row.get("ownerTeam", {}).get("id"), *(team["id"] for team in row.get("teams", ()))]
        return not self.team_scoped or ask.key.team_id in (None, *owners)
