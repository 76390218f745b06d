"""The account's log files (docs/opsgenie-api.md#log-files)."""

from itertools import islice

import orjson

from opsgenie_simulator.errors import bad_parameter, not_found
from opsgenie_simulator.files import sign_link
from opsgenie_simulator.routes.key_paging import next_key, page_size
from opsgenie_simulator.routes.route import Content, RequestContext, Route, encode
from opsgenie_simulator.settings import log_files

FILES_MAX = 1000


def files(context: RequestContext) -> Content:
    """The files that begin at a marker or later, oldest first, and the next marker."""
    marker, limit = context.path_params["marker"], page_size(context, FILES_MAX)
    names = log_files.list_names(context.account.store, _parse_marker(marker), until=context.account.now())
    found = list(islice(names, limit + 1))
    listed, is_last = found[:limit], len(found) <= limit
    following = log_files.format_marker(log_files.parse_marker(listed[-1]) + 1) if listed else marker
    content = encode([log_files.describe_file(context.account.store, name) for name in listed])
    return Content(content.data, next_key(context.switches, "marker", key=following, is_last=is_last))


def download(context: RequestContext) -> Content:
    """The link to one file, as text without the usual envelope."""
    name, store = context.path_params["filename"], context.account.store
    try:
        start = log_files.parse_marker(name)
    except ValueError:
        raise not_found("Log file") from None
    if name not in islice(log_files.list_names(store, start, until=context.account.now()), 1):
        raise not_found("Log file")
    url = sign_link(context.account, context.origin, folder="logs", name=name)
    if context.switches.download_link == "json":
        return Content(orjson.dumps(url), media_type="application/json")
    return Content(url.encode(), media_type="text/plain; charset=utf-8")


def _parse_marker(marker: str) -> int:
    try:
        return log_files.parse_marker(marker)
    except ValueError:
        raise bad_parameter("marker", "must be a time like 2026-11-01-00-00-00") from None


ROUTES = (
    Route("/v2/logs/list/{marker}", "configuration", "account", files, feature="log files"),
    Route("/v2/logs/download/{filename}", "configuration", "account", download, feature="log files"),
)
