"""Middleware for the simulator that rejects single objects for as long as the test wants."""

import re
from dataclasses import dataclass, field, replace

from opsgenie_simulator import Account, Call, Response
from opsgenie_simulator.middleware import Respond


@dataclass
class Broken:
    """Middleware that returns *status* for each path that one of *patterns* matches."""

    patterns: list[str] = field(default_factory=list)
    status: int = 422

    def __call__(self, call: Call, respond: Respond) -> Response:
        """Respond, or reject the request."""
        response = respond(call)
        if not any(re.fullmatch(pattern, call.path) for pattern in self.patterns):
            return response
        return replace(response, status=self.status, body=b'{"message": "no", "requestId": "r"}')


def one_of_each(account: Account) -> dict[str, str]:
    """The path of one object that a stream needs, by the name of the stream."""
    alert, incident, user, team = (
        sorted(rows)[1] for rows in (account.alerts, account.incidents, account.users, account.teams)
    )
    return {
        "alert_logs": f"/v2/alerts/{alert}/logs",
        "alert_details": f"/v2/alerts/{alert}",
        "incident_notes": f"/v1/incidents/{incident}/notes",
        "user_contacts": f"/v2/users/{user}/contacts",
        "user_notification_rules": f"/v2/users/{user}/notification-rules",
        "team_routing_rules": f"/v2/teams/{team}/routing-rules",
    }
