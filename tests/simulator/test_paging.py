"""Paging of lists: page sizes, links, the cap, ties."""

from typing import Any, Literal

import pytest
from tests.support.api_client import ApiClient, query_of

from opsgenie_simulator import Account, Switches
from opsgenie_simulator.timestamps import epoch_ms

SEEDED = Account.seeded(alerts=250, incidents=130, users=130, teams=5, services=120)


@pytest.fixture(scope="module")
def crowded() -> Account:
    """An account with slightly more alerts than can be listed."""
    account = Account(name="crowd")
    for number in range(20_150):
        account.create_alert(created_at=1_700_000_000_000 + number * 1000)
    return account


@pytest.mark.parametrize(
    ("path", "size", "maximum"),
    [("/v2/alerts", 20, 100), ("/v1/incidents", 20, 100), ("/v2/users", 100, 100), ("/v1/services", 20, 100)],
)
def test_page_size_has_a_default_and_a_maximum(path: str, size: int, maximum: int) -> None:
    """Without a limit, the default applies; a limit above the maximum is reduced to it, not rejected."""
    client = ApiClient(SEEDED)
    clipped = client.get(path, limit=2000)

    assert size == len(client.get(path).rows)
    assert maximum == len(clipped.rows)
    assert str(maximum) == query_of(clipped.body["paging"]["next"])["limit"]


@pytest.mark.parametrize(
    ("path", "sort", "order"),
    [
        ("/v2/alerts", "createdAt", "desc"),
        ("/v1/incidents", "insertedAt", "desc"),
        ("/v2/users", "username", "asc"),
        ("/v1/services", "name", "desc"),
    ],
)
def test_lists_have_their_default_sort(path: str, sort: str, order: str) -> None:
    """The links of a list without parameters name the default sort and order, and the rows follow them."""
    page = ApiClient(SEEDED).get(path)
    query = query_of(page.body["paging"]["first"])
    field = {"insertedAt": "createdAt"}.get(sort, sort)
    values = [epoch_ms(row[field]) if field == "createdAt" else row[field] for row in page.rows]

    assert (sort, order) == (query["sort"], query["order"])
    assert sorted(values, reverse=order == "desc") == values


@pytest.mark.parametrize(("path", "kind"), [("/v2/alerts", "alerts"), ("/v1/incidents", "incidents")])
def test_following_next_returns_every_row_once(path: str, kind: str) -> None:
    """Following `next` returns the complete list, and the last page has no `next`."""
    pages = list(ApiClient(SEEDED).pages(path, limit=30, order="asc"))
    ids = [row_id for page in pages for row_id in page.ids]

    assert list(getattr(SEEDED, kind)) == ids


def test_links_are_absolute_and_keep_the_parameters() -> None:
    """Links are in the body and in headers, on the requested host, with query, sort, order and limit."""
    parameters = {"query": "createdAt > 0", "sort": "tinyId", "order": "asc", "limit": "7"}
    page = ApiClient(SEEDED).get("/v2/alerts", offset=7, **parameters)
    paging = page.body["paging"]

    assert paging == {name: page.headers[f"X-Paging-{name.capitalize()}"] for name in ("next", "prev", "first", "last")}
    assert all(link.startswith("http://localhost/v2/alerts?") for link in paging.values())
    assert {"next": "14", "prev": "0", "first": "0", "last": "245"} == {
        name: query_of(link).pop("offset") for name, link in paging.items()
    }
    assert parameters == {name: value for name, value in query_of(paging["next"]).items() if name != "offset"}


def test_last_can_point_past_the_end() -> None:
    """With a limit of one, `last` has the offset after the last row, as captured."""
    page = ApiClient(SEEDED).get("/v1/incidents", limit=1)

    assert 130 == page.body["totalCount"]
    assert "130" == query_of(page.body["paging"]["last"])["offset"]
    assert [] == ApiClient(SEEDED).get("/v1/incidents", limit=1, offset=130).rows


def test_total_counts_follow_their_switches() -> None:
    """Incidents and users have `totalCount`; alerts and services have it with a switch each."""
    default = ApiClient(SEEDED)
    switched = ApiClient(SEEDED, Switches(alert_total_count=True, services_total_count=True))

    assert "totalCount" not in default.get("/v2/alerts").body
    assert "totalCount" not in default.get("/v1/services").body
    assert 130 == default.get("/v2/users").body["totalCount"]
    assert 250 == switched.get("/v2/alerts").body["totalCount"]
    assert 120 == switched.get("/v1/services").body["totalCount"]


@pytest.mark.parametrize("path", ["/v2/teams", "/v2/integrations", "/v2/users/{user}/teams"])
def test_unpaged_lists_are_complete(path: str) -> None:
    """Lists without paging ignore offset and limit, and have no `paging`."""
    url = path.format(user=SEEDED.teams[next(iter(SEEDED.teams))]["members"][0]["user"]["id"])
    client = ApiClient(SEEDED)

    assert client.get(url).rows == client.get(url, offset=1, limit=1).rows != []
    assert "paging" not in client.get(url).body


@pytest.mark.parametrize(
    ("name", "value"),
    [("limit", "0"), ("limit", "many"), ("offset", "-1"), ("sort", "mood"), ("order", "up")],
)
def test_invalid_parameters_are_rejected_by_name(name: str, value: str) -> None:
    """An invalid parameter is a 422 that names it; an unknown parameter is ignored."""
    client = ApiClient(SEEDED)
    response = client.get("/v2/alerts", **{name: value})

    assert 422 == response.status
    assert [name] == list(response.body["errors"])
    assert 20 == len(client.get("/v2/alerts", per_page=5).rows)


@pytest.mark.parametrize(("inclusive", "reachable"), [(True, 20_000), (False, 19_999)])
def test_pages_beyond_the_cap_are_rejected(crowded: Account, inclusive: bool, reachable: int) -> None:
    """A page beyond the cap is a 422 with the captured message, although `next` links to it; counts are not capped."""
    client = ApiClient(crowded, Switches(cap_inclusive=inclusive))
    limit = reachable - 19_950
    last, beyond = (client.get("/v2/alerts", offset=19_950, limit=size) for size in (limit, limit + 1))

    assert limit == len(last.rows)
    assert "next" in last.body["paging"]
    assert 422 == beyond.status
    assert "Sum of offset and limit should be lower than 20000" == beyond.body["message"]
    assert {"count": 20_150} == client.get("/v2/alerts/count").body["data"]


@pytest.mark.parametrize(("inclusive", "reachable"), [(True, 20_000), (False, 19_999)])
def test_cap_can_end_the_list(crowded: Account, inclusive: bool, reachable: int) -> None:
    """With the switch, `next` ends at the cap, and pages beyond it are empty, not rejected."""
    client = ApiClient(crowded, Switches(cap="ends", cap_inclusive=inclusive))
    pages = list(client.pages("/v2/alerts", limit=100))

    assert reachable == len({alert_id for page in pages for alert_id in page.ids})
    assert [] == client.get("/v2/alerts", offset=20_000, limit=100).rows


@pytest.mark.parametrize("path", ["/v1/incidents", "/v1/services", "/v2/users"])
def test_cap_of_other_lists_follows_their_switches(path: str) -> None:
    """Incidents are always capped; services and users have a switch each."""
    uncapped = ApiClient(SEEDED, Switches(users_capped=False, services_capped=False))

    assert 422 == ApiClient(SEEDED).get(path, offset=19_999).status
    assert (422 if path == "/v1/incidents" else 200) == uncapped.get(path, offset=19_999).status


def test_cap_applies_to_the_reduced_limit() -> None:
    """A limit above the maximum counts as the maximum."""
    assert 200 == ApiClient(SEEDED).get("/v2/alerts", offset=19_900, limit=5000).status


@pytest.fixture
def tied() -> Account:
    """An account with forty alerts in one millisecond, three earlier ones and three later ones."""
    account = Account(name="ties")
    for created_at in [1, 2, 3, *[4] * 40, 5, 6, 7]:
        account.create_alert(created_at=created_at)
    return account


def read(account: Account, ties: Literal["kept", "mirrored", "shuffled"], **query: Any) -> list[str]:
    """All ids of a list, read in pages of seven."""
    pages = ApiClient(account, Switches(ties=ties)).pages("/v2/alerts", limit=7, **query)
    return [alert_id for page in pages for alert_id in page.ids]


def test_ties_keep_their_order_in_both_directions(tied: Account) -> None:
    """By default, rows of one millisecond have the same order in both directions."""
    ids = list(tied.alerts)

    assert ids == read(tied, "kept", order="asc")
    assert [*ids[:-4:-1], *ids[3:43], *ids[2::-1]] == read(tied, "kept", order="desc")


def test_ties_can_be_mirrored(tied: Account) -> None:
    """With the switch, one direction is the exact reverse of the other."""
    ids = list(tied.alerts)

    assert ids == read(tied, "mirrored", order="asc")
    assert ids[::-1] == read(tied, "mirrored", order="desc")


def test_ties_can_be_shuffled_on_each_request(tied: Account) -> None:
    """With the switch, ties get a new order on each request, so offsets within them skip and repeat rows."""
    ids = list(tied.alerts)
    shuffled = [read(tied, "shuffled", order=order) for order in ("asc", "desc", "asc")]

    assert all(len(ids) == len(result) for result in shuffled)
    assert all(len(set(result)) < len(ids) for result in shuffled)
    assert ids[:3] == shuffled[0][:3]
    assert ids[::-1][:3] == shuffled[1][:3]


def test_unique_fields_have_no_ties(tied: Account) -> None:
    """Sorted by tinyId, one direction is the reverse of the other, whatever the switch."""
    assert list(tied.alerts) == read(tied, "shuffled", sort="tinyId", order="asc")
    assert list(tied.alerts)[::-1] == read(tied, "shuffled", sort="tinyId", order="desc")


@pytest.mark.parametrize("sort", ["status", "report.ackTime", "snoozedUntil", "integration.name", "message"])
def test_lists_can_be_sorted_by_documented_fields(sort: str) -> None:
    """Rows are sorted by a field; rows without a value come last in ascending order."""
    rows = [
        row for page in ApiClient(SEEDED).pages("/v2/alerts", sort=sort, order="asc", limit=100) for row in page.rows
    ]
    values = [value_at(row, sort) for row in rows]
    known = [value for value in values if value is not None]

    assert sorted(known) == values[: len(known)]
    assert 250 == len({row["id"] for row in rows})


def value_at(row: dict[str, Any], path: str) -> Any:
    """The value at a dotted path."""
    name, _, rest = path.partition(".")
    value = row.get(name)
    return value_at(value, rest) if rest and isinstance(value, dict) else None if rest else value


@pytest.mark.parametrize("form", ["trimmed", "full"])
def test_timestamps_follow_their_switch(form: Literal["trimmed", "full"]) -> None:
    """Trailing zeros of fractions are dropped, or kept with the switch."""
    account = Account(name="stamps")
    for milliseconds in (0, 30, 600, 123, 1000):
        account.create_alert(created_at=1_637_756_081_000 + milliseconds)
    rows = ApiClient(account, Switches(timestamps=form)).get("/v2/alerts", order="asc").rows
    full = ["41.000", "41.030", "41.123", "41.600", "42.000"]
    trimmed = ["41", "41.03", "41.123", "41.6", "42"]

    assert {"full": full, "trimmed": trimmed}[form] == [row["createdAt"][17:-1] for row in rows]
