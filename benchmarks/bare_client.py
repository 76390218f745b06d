"""A client that only downloads the same pages and writes the rows: an upper bound for speed on this machine.

It has no pacing, retries, windows, proof or state, and it stops at 20,000 alerts.
"""

import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode

import orjson
import urllib3

THREADS = 32
PAGE_SIZE = 100
MAX_ALERTS = 20_000
CHILDREN = {"alert_logs": "logs", "alert_recipients": "recipients"}
PATHS = {"users": "/v2/users", "teams": "/v2/teams"}

Row = dict[str, Any]


class BareClient:
    """Fetches pages from *url* with *key*."""

    def __init__(self, url: str, key: str) -> None:
        self._url = url
        self._headers = {"Authorization": f"GenieKey {key}", "Accept-Encoding": "gzip"}
        self._pool = urllib3.PoolManager(maxsize=THREADS)

    def get(self, path: str, **params: int | str) -> Any:
        """Fetch one JSON response."""
        response = self._pool.request("GET", f"{self._url}{path}?{urlencode(params)}", headers=self._headers)
        if response.status != 200:  # noqa: PLR2004 -- the only expected status
            raise SystemExit(f"GET {path} returned status {response.status}")
        return orjson.loads(response.data)

    def read_alerts(self, threads: ThreadPoolExecutor) -> Iterator[list[Row]]:
        """Yield all alerts, one page at a time."""
        count = min(self.get("/v2/alerts/count")["data"]["count"], MAX_ALERTS)
        yield from threads.map(self._fetch_alerts, range(0, count, PAGE_SIZE))

    def _fetch_alerts(self, offset: int) -> list[Row]:
        return list(self.get("/v2/alerts", limit=PAGE_SIZE, offset=offset, sort="createdAt", order="asc")["data"])

    def read_children(self, kind: str, threads: ThreadPoolExecutor) -> Iterator[list[Row]]:
        """Yield the child records of all alerts, one alert at a time."""
        ids = [alert["id"] for page in self.read_alerts(threads) for alert in page]
        return threads.map(lambda alert_id: self._fetch_children(alert_id, kind), ids)

    def _fetch_children(self, alert_id: str, kind: str) -> list[Row]:
        path, rows = f"/v2/alerts/{alert_id}/{kind}", []
        page = self.get(path, limit=PAGE_SIZE)
        rows += page["data"]
        while "next" in page.get("paging", {}):
            page = self.get(path, limit=PAGE_SIZE, offset=rows[-1]["offset"])
            rows += page["data"]
        return rows

    def read_list(self, path: str) -> Iterator[list[Row]]:
        """Yield the pages of a list without a search, one after the other."""
        offset, total = 0, 1
        while offset < total:
            page = self.get(path, limit=PAGE_SIZE, offset=offset)
            yield page["data"]
            offset, total = offset + PAGE_SIZE, page.get("totalCount", 0)


def read(client: BareClient, stream: str, threads: ThreadPoolExecutor) -> Iterable[list[Row]]:
    """Yield the rows of *stream* in batches."""
    if stream in CHILDREN:
        return client.read_children(CHILDREN[stream], threads)
    return client.read_alerts(threads) if stream == "alerts" else client.read_list(PATHS[stream])


def main() -> None:
    """Write the rows of one stream as Airbyte messages."""
    url, key, stream = sys.argv[1:]
    with ThreadPoolExecutor(THREADS) as threads:
        for rows in read(BareClient(url, key), stream, threads):
            for row in rows:
                record = {"stream": stream, "data": row, "emitted_at": 0}
                sys.stdout.buffer.write(orjson.dumps({"type": "RECORD", "record": record}) + b"\n")


if __name__ == "__main__":
    main()
