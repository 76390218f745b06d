"""A proxy on this machine that tunnels every CONNECT, whatever its host, to one TLS server before the simulator."""

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import trustme


@dataclass
class Tunnel:
    """The proxy's address, the hosts that were asked for through it, and the TLS server's own port."""

    url: str
    secure_port: int = 0
    hosts: list[str] = field(default_factory=list)
    servers: list[asyncio.Server] = field(default_factory=list)


@contextmanager
def tunnel(target_url: str, authority: trustme.CA, *, host: str) -> Iterator[Tunnel]:
    """Stand in for *host*, with a certificate by *authority*, before the plain server at *target_url*."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    opened = asyncio.run_coroutine_threadsafe(_open(target_url, authority, host), loop).result()
    try:
        yield opened
    finally:
        asyncio.run_coroutine_threadsafe(_close(opened), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _open(target_url: str, authority: trustme.CA, host: str) -> Tunnel:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host).configure_cert(context)
    target = urlsplit(target_url)

    async def to_target(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _relay(reader, writer, host="localhost", port=target.port or 80)

    secure = await asyncio.start_server(to_target, "localhost", 0, ssl=context)
    secure_port = secure.sockets[0].getsockname()[1]
    found = Tunnel("", secure_port, servers=[secure])

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        found.hosts.append(request.split()[1].decode())
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await _relay(reader, writer, host="localhost", port=secure_port)

    proxy = await asyncio.start_server(connect, "localhost", 0)
    found.servers.append(proxy)
    found.url = f"http://localhost:{proxy.sockets[0].getsockname()[1]}"
    return found


async def _relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, host: str, port: int) -> None:
    there, back = await asyncio.open_connection(host, port)
    await asyncio.gather(_copy(reader, back), _copy(there, writer))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except (ConnectionError, ssl.SSLError):
        pass  # whoever closed first ends both ways
    finally:
        writer.close()


async def _close(opened: Tunnel) -> None:
    for server in opened.servers:
        server.close()
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
