"""A client that only downloads the same pages and writes the rows: no other can be much faster on this machine.

It has no pace, no retries, no windows, no proof and no state: it stops at 20,000 alerts.
"""

import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode

import orjson
import urllib3

THREADS = 32
PAGE = 100
MOST = 20_000
CHILDREN = {"alert_logs": "logs", "alert_recipients": "recipients"}
ADDRESSES = {"users": "/v2/users", "teams": "/v2/teams"}

Row = dict[str, Any]


class Bare:
    """Asks *url* with *key*, from as many threads as there are."""

    def __init__(self, url: str, key: str) -> None:
        self._url = url
        self._headers = {"Authorization": f"GenieKey {key}", "Accept-Encoding": "gzip"}
        self._pool = urllib3.PoolManager(maxsize=THREADS)

    def page(self, path: str, **params: int | str) -> Any:
        """One answer."""
        answer = self._pool.request("GET", f"{self._url}{path}?{urlencode(params)}", headers=self._headers)
        if answer.status != 200:  # noqa: PLR2004 -- the only good one
            raise SystemExit(f"{path} was answered with {answer.status}")
        return orjson.loads(answer.data)

    def alerts(self, threads: ThreadPoolExecutor) -> Iterator[list[Row]]:
        """Every alert, a page at a time."""
        count = min(self.page("/v2/alerts/count")["data"]["count"], MOST)
        yield from threads.map(self._alerts_from, range(0, count, PAGE))

    def _alerts_from(self, offset: int) -> list[Row]:
        return list(self.page("/v2/alerts", limit=PAGE, offset=offset, sort="createdAt", order="asc")["data"])

    def children(self, kind: str, threads: ThreadPoolExecutor) -> Iterator[list[Row]]:
        """What hangs on every alert."""
        ids = [alert["id"] for page in self.alerts(threads) for alert in page]
        return threads.map(lambda alert_id: self._children_of(alert_id, kind), ids)

    def _children_of(self, alert_id: str, kind: str) -> list[Row]:
        path, rows = f"/v2/alerts/{alert_id}/{kind}", []
        page = self.page(path, limit=PAGE)
        rows += page["data"]
        while "next" in page.get("paging", {}):
            page = self.page(path, limit=PAGE, offset=rows[-1]["offset"])
            rows += page["data"]
        return rows

    def listed(self, path: str) -> Iterator[list[Row]]:
        """A list without a search, a page after the other."""
        offset, total = 0, 1
        while offset < total:
            page = self.page(path, limit=PAGE, offset=offset)
            yield page["data"]
            offset, total = offset + PAGE, page.get("totalCount", 0)


def rows(bare: Bare, stream: str, threads: ThreadPoolExecutor) -> Iterable[list[Row]]:
    """The rows of *stream*, some at a time."""
    if stream in CHILDREN:
        return bare.children(CHILDREN[stream], threads)
    return bare.alerts(threads) if stream == "alerts" else bare.listed(ADDRESSES[stream])


def main() -> None:
    """Write the rows of one stream as Airbyte's messages."""
    url, key, stream = sys.argv[1:]
    with ThreadPoolExecutor(THREADS) as threads:
        for some in rows(Bare(url, key), stream, threads):
            for row in some:
                record = {"stream": stream, "data": row, "emitted_at": 0}
                sys.stdout.buffer.write(orjson.dumps({"type": "RECORD", "record": record}) + b"\n")


if __name__ == "__main__":
    main()
