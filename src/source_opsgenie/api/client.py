"""Ask the API one thing: authorise, pace, and try again as long as that may help."""

import logging
import re
import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar

from source_opsgenie.api.failures import Failure
from source_opsgenie.api.pacing import LONGEST_PERIOD, Domain, Pacer
from source_opsgenie.api.responses import Response, is_api_error, parse_link, parse_response
from source_opsgenie.api.retry import retry
from source_opsgenie.api.transport import RawResponse, Request, Transport
from source_opsgenie.clock import Clock, parse_http_date
from source_opsgenie.errors import OpsgenieError, Unreachable, WrongHost

LOGGER = logging.getLogger("source_opsgenie")

# How often a request is sent that gets no usable answer, for about half a minute; fewer times as long as the API
# never gave one, since a wrong address or a machine without a network is told within seconds.
ATTEMPTS = 8
FIRST_ATTEMPTS = 4
REFUSALS = 30
Found = TypeVar("Found")
TOO_MANY_REQUESTS = 429
# The old form of the API carried the key so (docs/opsgenie-api.md#key): an address that came back may repeat it.
KEY_PARAMETER = "apikey"


class Client:
    """Asks one account, as one key, at the account's pace, *at_once* so much at most; any thread may use it."""

    def __init__(
        self, transport: Transport, *, key: str, pacers: Mapping[Domain, Pacer], clock: Clock, at_once: int
    ) -> None:
        self._transport = transport
        self._authorization = {"Authorization": f"GenieKey {key}"}
        self._pacers = pacers
        self._turns = {domain: threading.Lock() for domain in pacers}
        self._slots = threading.Semaphore(at_once)
        self._clock = clock
        self._has_answered = False
        self.requests = 0
        self.date_ms: int | None = None

    def get(
        self, path: str, params: Mapping[str, str] | None = None, *, domain: Domain, attempts: int | None = None
    ) -> Response:
        """Ask for *path*, waiting and trying again as long as that may help, *tries* times at most.

        Raises an OpsgenieError.
        """
        harmless = {name: value for name, value in (params or {}).items() if name.lower() != KEY_PARAMETER}
        return self._ask(Request(path, harmless, self._authorization), domain, parse_response, attempts)

    def link(self, path: str, *, domain: Domain) -> str:
        """Ask for *path*, which is answered with a bare address (docs/opsgenie-api.md#log-files)."""
        return self._ask(Request(path, {}, self._authorization), domain, parse_link)

    def fetch(self, address: str) -> RawResponse:
        """What stands at *address*, whoever's it is: the key is not sent there."""
        return retry(partial(self._fetch, Request(address)), attempts=self._tries(), clock=self._clock)

    def _ask(
        self,
        request: Request,
        domain: Domain,
        read: Callable[[Request, RawResponse], Found],
        attempts: int | None = None,
    ) -> Found:
        attempt = partial(self._attempt, request, domain, read)
        for _ in range(REFUSALS):
            found = retry(attempt, attempts=attempts or self._tries(), clock=self._clock)
            if found is not None:
                return found
        raise Failure.THROTTLED.error(f"{request} was refused {REFUSALS} times because too many requests were sent")

    def waits(self) -> dict[Domain, float]:
        """The domains that wait out a refusal just now, and for how many seconds more."""
        now = self._clock.monotonic()
        waits = {domain: pacer.waiting(now) for domain, pacer in self._pacers.items()}
        return {domain: seconds for domain, seconds in waits.items() if seconds}

    def learned(self) -> dict[str, int]:
        """The limits that only refusals have told: requests by domain and seconds of the period, as `alert/60`."""
        return {
            f"{domain.value}/{period:.0f}": requests
            for domain, pacer in self._pacers.items()
            for period, requests in pacer.learned().items()
        }

    def remember(self, learned: Mapping[str, int]) -> None:
        """Keep to what an earlier client has *learned*; what it says of domains that are not there is passed over."""
        for name, requests in learned.items():
            domain, _, period = name.partition("/")
            if domain in {one.value for one in self._pacers} and period.isdecimal():
                self._pacers[Domain(domain)].remember({float(period): requests})

    def per_minute(self, domain: Domain) -> float | None:
        """Requests that *domain* may take in a minute, as far as is known, or None if no limit is."""
        return self._pacers[domain].per_minute()

    def _fetch(self, request: Request) -> RawResponse:
        with self._slots:
            return self._transport(request)

    def _attempt(self, request: Request, domain: Domain, read: Callable[[Request, RawResponse], Found]) -> Found | None:
        """The answer, or None if too many requests were sent: the pacer then makes the next one wait."""
        try:
            response = self._send(request, domain)
            if response.status == TOO_MANY_REQUESTS:
                period = _refusal_seconds(response)
                if self._pacers[domain].refused(self._clock.monotonic(), period=period):
                    LOGGER.warning("Too many requests in the domain %s: waiting %.0f s.", domain.value, period)
                return None
            try:
                found = read(request, response)
            except OpsgenieError:
                self._has_answered |= is_api_error(response)
                raise
            self._has_answered = True
            return found
        except WrongHost as stranger:
            # Where the API has answered before, somebody on the way answers for it, and perhaps not for long.
            if self._has_answered:
                raise Unreachable(str(stranger)) from stranger
            raise

    def _tries(self) -> int:
        return ATTEMPTS if self._has_answered else FIRST_ATTEMPTS

    def _send(self, request: Request, domain: Domain) -> RawResponse:
        pacer = self._pacers[domain]
        pacer.enter()
        try:
            self._wait_for_slot(domain)
            try:
                self.requests += 1
                response = self._transport(request)
            finally:
                self._slots.release()
        finally:
            pacer.leave(self._clock.monotonic())
        self.date_ms = parse_http_date(response.headers.get("date")) or self.date_ms
        if LOGGER.isEnabledFor(logging.DEBUG):
            LOGGER.debug("%s %s -> %s", request.path, dict(request.params), response.status)
        return response

    def _wait_for_slot(self, domain: Domain) -> None:
        """Take one of the slots, of which there is one for each request that may be under way, in whatever domain.

        The pacer is asked last of all, so that what it lets through goes at that moment. A request whose time has not
        come holds no slot: those of other domains go on.
        """
        # Only one waits for its time; the others wait behind it, and wake when it is their turn.
        with self._turns[domain]:
            self._slots.acquire()
            while wait := self._pacers[domain].take(self._clock.monotonic()):
                self._slots.release()
                self._clock.sleep(wait)
                self._slots.acquire()


def _refusal_seconds(response: RawResponse) -> float:
    """How long a refusal lasts: a duration in seconds (docs/opsgenie-api.md#rate-headers)."""
    named = response.headers.get("x-ratelimit-period-in-sec", "")
    is_period = re.fullmatch("[0-9]{1,4}", named) and int(named)
    return min(float(named), LONGEST_PERIOD) if is_period else LONGEST_PERIOD
