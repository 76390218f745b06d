"""Choose the proxy and the certificates for the connection to the API, from the environment."""

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

# Labels separated by dots, or an IPv6 address; no other name is resolved.
PROXY_HOST = r"[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*"
# The name that OpenSSL gives a certificate in a folder.
HASHED_NAME = "????????.[0-9]"


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy's address, and the headers for it, which may hold a password."""

    address: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


def find_proxy(base_url: str) -> Proxy | None:
    """The proxy that the environment names for *base_url*, if any; raises ConfigError for an unusable one."""
    url = urlsplit(base_url)
    value = getproxies().get(url.scheme)
    if not value or proxy_bypass(url.netloc):
        return None
    try:
        return _parse_proxy(urlsplit(value if "://" in value else f"http://{value}"))  # ignore-https-check
    except ValueError as problem:
        # The value may hold a password, so it is not repeated.
        raise ConfigError(
            f"{url.scheme}_proxy in the environment is not a usable proxy. "
            "Write it like http://proxy.example:3128, "  # ignore-https-check
            "with http or https, or add the endpoint to no_proxy."
        ) from problem


def _parse_proxy(url: SplitResult) -> Proxy:
    name = url.hostname or ""
    if url.scheme not in {"http", "https"} or not re.fullmatch(PROXY_HOST, name):
        raise ValueError("neither http nor https, or no host")
    port = f":{url.port}" if url.port else ""
    host = f"[{name}]" if ":" in name else name
    credentials = f"{unquote(url.username or '')}:{unquote(url.password or '')}"
    basic = f"Basic {b64encode(credentials.encode()).decode()}"
    return Proxy(f"{url.scheme}://{host}{port}", {"proxy-authorization": basic} if url.username else {})


def create_ssl_context(ca_file: str, paths: ssl.DefaultVerifyPaths | None = None) -> ssl.SSLContext:
    """Trust this machine's certificates and those in *ca_file*, if one is given.

    *paths* are where OpenSSL looks for the machine's certificates. Raises ConfigError if *ca_file* holds none, which
    OpenSSL would ignore.
    """
    context = _system_context(paths or ssl.get_default_verify_paths())
    try:
        if ca_file:
            context.load_verify_locations(cafile=ca_file)
    except (OSError, ValueError) as problem:
        raise ConfigError(
            f"SSL_CERT_FILE in the environment names {ca_file!r}, which is not a readable file of PEM certificates. "
            "Name another file, or unset it."
        ) from problem
    return context


def _system_context(paths: ssl.DefaultVerifyPaths) -> ssl.SSLContext:
    """Trust the certificates in OpenSSL's *paths*, or else those that truststore finds.

    Truststore asks macOS and Windows, and searches more paths; but it does so for each connection, and opens only one
    connection at a time.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    with suppress(OSError):
        # Not load_default_certs(), where SSL_CERT_FILE replaces this file instead of adding to it.
        context.load_verify_locations(cafile=paths.openssl_cafile)
    has_folder = bool(paths.capath) and any(Path(paths.capath).glob(HASHED_NAME))
    if has_folder:
        context.load_verify_locations(capath=paths.capath)
    suffices = sys.platform == "linux" and (has_folder or bool(context.get_ca_certs()))
    return context if suffices else truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
