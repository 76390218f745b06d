"""Files behind signed links, which need no key and expire after five minutes."""

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


def respond_with_file(call: Call, account: Account) -> Response:
    """The file of a signed link, unless the link is invalid or expired; an API key makes no difference."""
    expires = call.query.get("expires", "0")
    if call.query.get("signature") != _signature(account, call.path, expires=expires):
        return _response(403, b"<Error><Code>SignatureDoesNotMatch</Code></Error>")
    if account.now() > int(expires):
        return _response(403, b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>")
    folder, _, name = unquote(call.path.removeprefix(PREFIX)).partition("/")
    if folder == "logs":
        return _response(200, log_files.file_content(account.store, name), "application/json")
    return _response(200, f"This was attached: {name}\n".encode(), "application/octet-stream")


def _signature(account: Account, path: str, *, expires: str) -> str:
    return random_uuid(seeded_random(f"{account.name} {path} {expires}")).replace("-", "")


def _response(status: int, body: bytes, media_type: str = "application/xml") -> Response:
    return Response(status, body, {"Content-Type": media_type}, route=PREFIX.rstrip("/"))
