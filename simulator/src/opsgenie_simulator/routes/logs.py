"""The account's log files (docs/opsgenie-api.md#log-files)."""

from itertools import islice

import orjson

from opsgenie_simulator.errors import bad_parameter, not_found
from opsgenie_simulator.files import sign_link
from opsgenie_simulator.routes.keyed import next_key, size
from opsgenie_simulator.routes.route import Ask, Content, Route, encoded
from opsgenie_simulator.settings import log_files

FILES_MAX = 1000


def files(ask: Ask) -> Content:
    """The files that begin at a marker or later, oldest first, and the marker to go on with."""
    marker, limit = ask.names["marker"], size(ask, FILES_MAX)
    names = log_files.names_from(ask.account.store, _moment(marker), until=ask.account.now())
    found = list(islice(names, limit + 1))
    listed, is_last = found[:limit], len(found) <= limit
    following = log_files.marker_of(log_files.moment_of(listed[-1]) + 1) if listed else marker
    content = encoded([log_files.described(ask.account.store, name) for name in listed])
    return Content(content.data, next_key(ask.switches, "marker", key=following, is_last=is_last))


def download(ask: Ask) -> Content:
    """The link to one file, as text without the usual envelope."""
    name, store = ask.names["filename"], ask.account.store
    try:
        moment = log_files.moment_of(name)
    except ValueError:
        raise not_found("Log file") from None
    if name not in islice(log_files.names_from(store, moment, until=ask.account.now()), 1):
        raise not_found("Log file")
    address = sign_link(ask.account, ask.origin, folder="logs", name=name)
    if ask.switches.download_link == "json":
        return Content(orjson.dumps(address), bare="application/json")
    return Content(address.encode(), bare="text/plain; charset=utf-8")


def _moment(marker: str) -> int:
    try:
        return log_files.moment_of(marker)
    except ValueError:
        raise bad_parameter("marker", "must be a time like 2026-11-01-00-00-00") from None


ROUTES = (
    Route("/v2/logs/list/{marker}", "configuration", "account", files, feature="log files"),
    Route("/v2/logs/download/{filename}", "configuration", "account", download, feature="log files"),
)
