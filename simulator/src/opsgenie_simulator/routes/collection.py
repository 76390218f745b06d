"""Collections of settings: a list without paging, and each setting on its own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from opsgenie_simulator.errors import not_found, outside_team
from opsgenie_simulator.parameters import parse_choice
from opsgenie_simulator.records import Body
from opsgenie_simulator.routes.route import Content, RequestContext, encode


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
    rows: Callable[[RequestContext], Sequence[Body]]
    listed: Callable[[Body], Body] = every_field
    single: Callable[[Body], Body] = every_field
    id_param: str = "identifier"
    type_param: str = "identifierType"
    id_fields: tuple[str, ...] = ("id",)
    team_scoped: bool = True

    def list_rows(self, context: RequestContext) -> Content:
        """Return the list of settings that the key can see."""
        return encode([self.listed(row) for row in self.visible_rows(context)])

    def visible_rows(self, context: RequestContext) -> list[Body]:
        """Return the settings that the key can see, with all fields."""
        return [row for row in self.rows(context) if self._can_see(context, row)]

    def get_row(self, context: RequestContext) -> Content:
        """Return the single setting that the path identifies."""
        return encode(self.single(self.find_row(context)))

    def find_row(self, context: RequestContext) -> Body:
        """Find the setting that the path identifies, or raise if it is missing or not visible."""
        field = parse_choice(context.query, self.type_param, values=self.id_fields)
        row = next((row for row in self.rows(context) if row.get(field) == context.path_params[self.id_param]), None)
        if row is None:
            raise not_found(self.noun)
        if not self._can_see(context, row):
            raise outside_team("You are not authorized to access this resource")
        return row

    def _can_see(self, context: RequestContext, row: Body) -> bool:
        owners = [row.get("teamId"), row.get("ownerTeam", {}).get("id"), *(team["id"] for team in row.get("teams", ()))]
        return not self.team_scoped or context.key.team_id in (None, *owners)
