"""Request the query of a saved search, by the name or id that a user gave."""

from urllib.parse import quote

from source_opsgenie.api.client import Client
from source_opsgenie.api.pacing import Domain
from source_opsgenie.api.responses import value_at
from source_opsgenie.config import nearest
from source_opsgenie.errors import ConfigError

PATH = "/v2/alerts/saved-searches"


def request_saved_query(client: Client, wanted: str) -> str:
    """The query of the saved search *wanted*; empty without one (docs/opsgenie-api.md#custom-role-and-saved-search).

    Raises ConfigError if the key sees no such search, or one without a query.
    """
    if not wanted:
        return ""
    listed = value_at(client.get(PATH, domain=Domain.ALERT).body, ("data",))
    searches = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    found = next((one for one in searches if wanted in {one.get("id"), one.get("name")}), None)
    if found is None:
        raise ConfigError(_describe_absence(wanted, [str(one.get("name")) for one in searches]))
    query = value_at(
        client.get(f"{PATH}/{quote(str(found.get('id')), safe='')}", domain=Domain.ALERT).body, ("data", "query")
    )
    if not isinstance(query, str) or not query.strip():
        raise ConfigError(f"The saved search {wanted!r} (alert_saved_search) has no query. Name another one.")
    return query.strip()


def _describe_absence(wanted: str, names: list[str]) -> str:
    hint = nearest(wanted, names) or f"The key sees: {', '.join(names) or 'none'}."
    return f"alert_saved_search {wanted!r} is not a saved search that this key can see. {hint}"
