"""Files behind links of their own: whoever has the link may read, for five minutes, without a key."""

from urllib.parse import quote, unquote

from opsgenie_simulator.account import Account
from opsgenie_simulator.messages import Call, Response
from opsgenie_simulator.randomness import random_uuid, seeded_random
from opsgenie_simulator.settings import log_files

PREFIX = "/_files/"
LIFETIME_MS = 300_000


def sign_link(account: Account, origin: str, *, folder: str, name: str) -> str:
    """The address of a file, signed for five minutes (docs/opsgenie-api.md#log-files)."""
    path, expires = f"{PREFIX}{folder}/{quote(name)}", account.now() + LIFETIME_MS
    return f"{origin}{path}?expires={expires}&signature={_signature(account, path, expires=str(expires))}"


def fetched(call: Call, account: Account) -> Response:
    """The file, if the link is whole and not too old; a key that comes along changes nothing here."""
    expires = call.query.get("expires", "0")
    if call.query.get("signature") != _signature(account, call.path, expires=expires):
        return _answer(403, b"<Error><Code>SignatureDoesNotMatch</Code></Error>")
    if account.now() > int(expires):
        return _answer(403, b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>")
    folder, _, name = unquote(call.path.removeprefix(PREFIX)).partition("/")
    if folder == "logs":
        return _answer(200, log_files.content(account.store, name), "application/json")
    return _answer(200, f"This was attached: {name}\n".encode(), "application/octet-stream")


def _signature(account: Account, path: str, *, expires: str) -> str:
    return random_uuid(seeded_random(f"{account.name} {path} {expires}")).replace("-", "")


def _answer(status: int, body: bytes, kind: str = "application/xml") -> Response:
    return Response(status, body, {"Content-Type": kind}, route=PREFIX.rstrip("/"))
