"""Send a request at the account's pace and retry it while that may help."""

import logging
import re
import threading
from collections.abc import Callable, Mapping
from copy import copy
from functools import partial
from typing import TypeVar

from source_opsgenie.api.failures import Failure
from source_opsgenie.api.limiter import LONGEST_PERIOD
from source_opsgenie.api.pacing import Domain, Pacer
from source_opsgenie.api.responses import Response, is_api_error, parse_link, parse_response
from source_opsgenie.api.retry import retry
from source_opsgenie.api.transport import RawResponse, Request, Transport
from source_opsgenie.clock import Clock, parse_http_date
from source_opsgenie.errors import OpsgenieError, Unreachable, WrongHost

LOGGER = logging.getLogger("source_opsgenie")

# How often a request without a usable response is sent, for about half a minute. Until the API has responded once it
# is sent less often, so that a wrong address or a machine without a network is reported within seconds.
ATTEMPTS = 8
FIRST_ATTEMPTS = 4
# How often a throttled request is sent, after the period that each response names.
THROTTLED_ATTEMPTS = 30
TOO_MANY_REQUESTS = 429
LIMITS_PATH = "/v2/request-limits/"
# The old form of the API carried the key in this parameter (docs/opsgenie-api.md#key): a returned URL may repeat it.
KEY_PARAMETER = "apikey"
Parsed = TypeVar("Parsed")
Parser = Callable[..., Parsed]


class Client:
    """Requests one account with one key, *max_concurrent* requests at the same time; safe to use from any thread."""

    def __init__(
        self, transport: Transport, *, key: str, pacers: Mapping[Domain, Pacer], clock: Clock, max_concurrent: int
    ) -> None:
        self._transport = transport
        self._authorization = {"Authorization": f"GenieKey {key}"}
        self._pacers = pacers
        self._turns = {domain: threading.Lock() for domain in pacers}
        self._slots = threading.Semaphore(max_concurrent)
        self._clock = clock
        self._has_responded = False
        self._last_good: tuple[Request, Domain] | None = None
        self._original: Client | None = None
        self.requests = 0
        self.date_ms: int | None = None

    def copy(self) -> "Client":
        """A client with the same key and pace that counts its own *requests*; the original counts them too."""
        client = copy(self)
        client._original, client.requests = self, 0
        return client

    def get(
        self, path: str, params: Mapping[str, str] | None = None, *, domain: Domain, attempts: int | None = None
    ) -> Response:
        """Request *path*, and retry while that may help, for up to *attempts* in all; raises an OpsgenieError."""
        safe_params = {name: value for name, value in (params or {}).items() if name.lower() != KEY_PARAMETER}
        return self._request(Request(path, safe_params, self._authorization), domain, parse_response, attempts)

    def get_link(self, path: str, *, domain: Domain) -> str:
        """Request *path*, whose response is a bare URL (docs/opsgenie-api.md#log-files)."""
        return self._request(Request(path, {}, self._authorization), domain, parse_link)

    def download(self, url: str) -> RawResponse:
        """Request *url* on any host, without the key."""
        return retry(partial(self._download, Request(url)), attempts=self._attempts(), clock=self._clock)

    def repeat_good_request(self, *, attempts: int) -> OpsgenieError | None:
        """Repeat the last request that worked; returns its error if it fails now.

        Before any request has worked, the account's rate limits are requested.
        """
        request, domain = self._last_good or (Request(LIMITS_PATH, {}, self._authorization), Domain.CONFIGURATION)
        try:
            self._request(request, domain, parse_response, attempts)
        except OpsgenieError as error:
            return error
        return None

    def throttled_domains(self) -> dict[Domain, float]:
        """The domains that wait out throttling now, and for how many more seconds."""
        now = self._clock.monotonic()
        waits = {domain: pacer.throttled_seconds(now) for domain, pacer in self._pacers.items()}
        return {domain: seconds for domain, seconds in waits.items() if seconds}

    def learned_limits(self) -> dict[str, int]:
        """The confirmed limits that are not reported: requests by domain and seconds of the period, as `alert/60`."""
        return {
            f"{domain.value}/{period:.0f}": requests
            for domain, pacer in self._pacers.items()
            for period, requests in pacer.learned_limits().items()
        }

    def restore_limits(self, learned: Mapping[str, int]) -> None:
        """Keep to the limits that an earlier client *learned*; those of unknown domains are ignored."""
        for name, requests in learned.items():
            domain, _, period = name.partition("/")
            if domain in {known.value for known in self._pacers} and period.isdecimal():
                self._pacers[Domain(domain)].restore_limits({float(period): requests}, self._clock.monotonic())

    def per_minute(self, domain: Domain) -> float | None:
        """Requests allowed in a minute in *domain*, or None if no limit is known."""
        return self._pacers[domain].per_minute()

    def is_known(self, domain: Domain) -> bool:
        """Whether the limit of *domain* is known: reported by the API, or confirmed."""
        return self._pacers[domain].is_known()

    def _request(self, request: Request, domain: Domain, parse: Parser[Parsed], attempts: int | None = None) -> Parsed:
        """Send a request until it is not throttled; each time, `retry` it."""
        attempt = partial(self._attempt, request, domain, parse)
        for _ in range(THROTTLED_ATTEMPTS):
            parsed = retry(attempt, attempts=attempts or self._attempts(), clock=self._clock)
            if parsed is not None:
                return parsed
        raise Failure.THROTTLED.error(
            f"{request} was throttled {THROTTLED_ATTEMPTS} times", path=request.location, status=TOO_MANY_REQUESTS
        )

    def _attempt(self, request: Request, domain: Domain, parse: Parser[Parsed]) -> Parsed | None:
        """Send a request once and parse its response; None if it was throttled, which makes the next one wait."""
        try:
            response, sent_at = self._send(request, domain)
            if response.status == TOO_MANY_REQUESTS:
                self._record_throttled(response, domain, sent_at=sent_at)
                return None
            try:
                parsed = parse(request, response, is_first=self._last_good is None)
            except OpsgenieError:
                self._has_responded |= is_api_error(response)
                raise
            self._has_responded = True
            if parse is parse_response:
                self._last_good = request, domain
            return parsed
        except WrongHost as error:
            # The API has responded before, so something in between responds in its place, and perhaps not for long.
            if self._has_responded:
                raise Unreachable(
                    str(error), path=error.path, status=error.status, request_id=error.request_id
                ) from error
            raise

    def _send(self, request: Request, domain: Domain) -> tuple[RawResponse, float]:
        """Send a request as soon as its domain's pace and the number of slots permit; returns when that was, too."""
        pacer = self._pacers[domain]
        pacer.in_flight.enter()
        try:
            sent_at = self._wait_for_slot(domain)
            try:
                self._count_request()
                response = self._transport(request)
            finally:
                self._slots.release()
        finally:
            pacer.in_flight.leave(self._clock.monotonic())
        self._record_date(parse_http_date(response.headers.get("date")))
        if LOGGER.isEnabledFor(logging.DEBUG):
            LOGGER.debug("%s %s -> %s", request.path, dict(request.params), response.status)
        return response, sent_at

    def _count_request(self) -> None:
        self.requests += 1
        if self._original:
            self._original._count_request()

    def _record_date(self, date_ms: int | None) -> None:
        self.date_ms = date_ms or self.date_ms
        if self._original:
            self._original._record_date(date_ms)

    def _wait_for_slot(self, domain: Domain) -> float:
        """Take one of the slots for requests in flight, which all domains share; returns the time of permission.

        The pacer decides last, so that a permitted request goes immediately. A request that must wait holds no slot,
        so requests of other domains continue.
        """
        # Only one thread of a domain waits for the pacer; the others wait for their turn.
        with self._turns[domain]:
            self._slots.acquire()
            while wait := self._pacers[domain].take(now := self._clock.monotonic()):
                self._slots.release()
                self._clock.sleep(wait)
                self._slots.acquire()
            return now

    def _download(self, request: Request) -> RawResponse:
        with self._slots:
            return self._transport(request)

    def _attempts(self) -> int:
        return ATTEMPTS if self._has_responded else FIRST_ATTEMPTS

    def _record_throttled(self, response: RawResponse, domain: Domain, *, sent_at: float) -> None:
        period = _throttle_seconds(response)
        if self._pacers[domain].record_throttled(self._clock.monotonic(), period=period, sent_at=sent_at):
            LOGGER.warning("Too many requests in the domain %s: waiting %.0f s.", domain.value, period)


def _throttle_seconds(response: RawResponse) -> float:
    """How long to wait after a throttled response: a duration in seconds (docs/opsgenie-api.md#rate-headers)."""
    value = response.headers.get("x-ratelimit-period-in-sec", "")
    is_period = re.fullmatch("[0-9]{1,4}", value) and int(value)
    return min(float(value), LONGEST_PERIOD) if is_period else LONGEST_PERIOD
