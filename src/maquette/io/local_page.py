"""A page in the browser for whoever was given its address, and nobody else (viser)."""

import http
import ipaddress
import platform
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from http.cookies import CookieError, SimpleCookie
from io import StringIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

import viser
import websockets.asyncio.server
from websockets import Headers
from websockets.http11 import Request, Response

Answer = Callable[[Any, Request], Response | None]


class LocalPage:
    """A server of viser that answers to its address alone, which holds a token.

    Refused with 403 are requests without that token, or the cookie that the page left with it; those for another
    host (a name that was made to lead here); and websockets that the page of another origin opens. Nothing is shared
    beyond the machine and port. What passes is not encrypted: where other machines reach `host`, who can read the
    traffic can read the token.

    Args:
        port: to listen on; the next free one is taken where it is in use.
        host: address to listen on; 127.0.0.1 is reached from this machine alone.

    Raises:
        OSError, AssertionError, RuntimeError: no port could be had, or this viser cannot be guarded.
    """

    def __init__(self, port: int = 8080, host: str = "127.0.0.1") -> None:
        self._host = host
        self._token, self._cookie = secrets.token_urlsafe(16), f"maquette-{secrets.token_hex(4)}"
        with redirect_stdout(StringIO()), _answering(self._guarded) as taken:
            self.server = _Unshared(host=host, port=port, label="maquette", verbose=False)
        if not taken:
            self.close()
            raise RuntimeError(f"viser {viser.__version__} leaves no place for a guard")
        self.server.gui.configure_theme(show_share_button=False)

    @property
    def url(self) -> str:
        """Where the page is."""
        host = "localhost" if self._host in ("0.0.0.0", "127.0.0.1") else self._host
        return f"http://{host}:{self.server.get_port()}/?token={self._token}"

    def close(self) -> None:
        """Stop the server."""
        with redirect_stdout(StringIO()):
            self.server.stop()

    def _guarded(self, answer: Answer) -> Answer:
        def answer_ours(connection: Any, request: Request) -> Response | None:
            problem = self._problem(request)
            if problem:
                text = f"{problem}; open the address that maquette said\n".encode()
                headers = Headers({"Content-Type": "text/plain", "Content-Length": str(len(text))})
                return Response(http.HTTPStatus.FORBIDDEN, "Forbidden", headers, text)
            response = answer(connection, request)
            if response is not None:
                kept = f"{self._cookie}={self._token}; Path=/; HttpOnly; SameSite=Strict"
                response.headers.update({"Set-Cookie": kept, "Referrer-Policy": "no-referrer"})
            return response

        return answer_ours

    def _problem(self, request: Request) -> str:
        """Why a request is refused; empty where it is not."""
        try:
            host, origin = request.headers.get("Host", ""), request.headers.get("Origin")
            name = urlsplit(f"//{host}").hostname or ""
            own = ("localhost", self._host.lower(), platform.node().lower())
            if name not in own and not _is_number(name):
                return "this page is not known by that name"
            if origin is not None and urlsplit(origin).netloc != host:
                return "another page has asked for this one"
            kept = SimpleCookie(request.headers.get("Cookie", "")).get(self._cookie)
            given = parse_qs(urlsplit(request.path).query).get("token", [kept.value if kept else ""])[0]
        except (ValueError, LookupError, CookieError):
            return "that request makes no sense"
        if not secrets.compare_digest(given.encode(), self._token.encode()):
            return "the token is missing or old"
        return ""


class _Unshared(viser.ViserServer):
    """viser's server without its tunnel to a public address, which any page that is open could ask for."""

    def request_share_url(self, verbose: bool = True) -> None:
        """Nothing is shared."""


def _is_number(name: str) -> bool:
    """Whether a host is an address: no name that leads elsewhere tomorrow."""
    try:
        ipaddress.ip_address(name)
        return True
    except ValueError:
        return False


@contextmanager
def _answering(guarded: Callable[[Answer], Answer]) -> Iterator[list[bool]]:
    """Have the server that is started in the block answer by way of a guard, for which viser has no argument; the
    list is empty where none was started."""
    serve, taken = websockets.asyncio.server.serve, []

    def serve_guarded(*args: Any, process_request: Answer, **options: Any) -> Any:
        taken.append(True)
        return serve(*args, process_request=guarded(process_request), **options)

    websockets.asyncio.server.serve = serve_guarded  # type: ignore[assignment, misc]
    try:
        yield taken
    finally:
        websockets.asyncio.server.serve = serve  # type: ignore[misc]
