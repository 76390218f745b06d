"""The way to the API: through which proxy, and whose word is taken for who is at the other end."""

import re
import ssl
import sys
from base64 import b64encode
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import truststore

from source_opsgenie.errors import ConfigError

# Labels with dots between them, or an address of IPv6; nothing is resolved that is neither.
PROXY_HOST = r"[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*"
# What OpenSSL calls a certificate in a folder.
HASHED = "????????.[0-9]"


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy's address, and the headers that it wants; these may hold a password."""

    address: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


def proxy_to(base_url: str) -> Proxy | None:
    """The proxy that the environment names for *base_url*, if any; raises ConfigError for one that cannot be used."""
    address = urlsplit(base_url)
    named = getproxies().get(address.scheme)
    if not named or proxy_bypass(address.netloc):
        return None
    try:
        return _proxy(urlsplit(named if "://" in named else f"http://{named}"))
    except ValueError as problem:
        # What was named may hold a password: it is not repeated.
        raise ConfigError(
            f"{address.scheme}_proxy in the environment names no proxy that can be used: write it like "
            "http://proxy.example:3128, with http or https, or add the endpoint to no_proxy."
        ) from problem


def _proxy(named: SplitResult) -> Proxy:
    name = named.hostname or ""
    if named.scheme not in {"http", "https"} or not re.fullmatch(PROXY_HOST, name):
        raise ValueError("neither http nor https, or no host")
    port = f":{named.port}" if named.port else ""
    host = f"[{name}]" if ":" in name else name
    who = f"{unquote(named.username or '')}:{unquote(named.password or '')}"
    headers = {"proxy-authorization": f"Basic {b64encode(who.encode()).decode()}"} if named.username else {}
    return Proxy(f"{named.scheme}://{host}{port}", headers)


def trust(authorities: str, places: ssl.DefaultVerifyPaths | None = None) -> ssl.SSLContext:
    """The certificates that this machine trusts, and those in the file *authorities*, if one is named.

    *places* are those where OpenSSL looks for the machine's. Raises ConfigError if *authorities* holds none: OpenSSL
    would pass over it without a word.
    """
    context = _system(places or ssl.get_default_verify_paths())
    try:
        if authorities:
            context.load_verify_locations(cafile=authorities)
    except (OSError, ValueError) as problem:
        raise ConfigError(
            f"SSL_CERT_FILE in the environment names {authorities!r}, which cannot be read as certificates in PEM: "
            "name another file, or unset it."
        ) from problem
    return context


def _system(places: ssl.DefaultVerifyPaths) -> ssl.SSLContext:
    """What trusts as this machine does: by the certificates in OpenSSL's *places*, else by truststore.

    That asks macOS and Windows, and looks in more places; but it does so anew for each connection, and lets no two of
    them be opened at the same time.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    with suppress(OSError):
        # Not load_default_certs(), for which SSL_CERT_FILE stands in for this file and not beside it.
        context.load_verify_locations(cafile=places.openssl_cafile)
    has_folder = bool(places.capath) and any(Path(places.capath).glob(HASHED))
    if has_folder:
        context.load_verify_locations(capath=places.capath)
    suffices = sys.platform == "linux" and (has_folder or bool(context.get_ca_certs()))
    return context if suffices else truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
