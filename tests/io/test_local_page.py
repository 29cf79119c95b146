"""The page of the viewer answers to its address alone."""

import asyncio
import http.client
from urllib.parse import urlsplit

import pytest
import viser
import websockets

from maquette.io import local_page
from maquette.io.local_page import LocalPage


@pytest.fixture(scope="module")
def page():
    page = LocalPage(8390)
    yield page
    page.close()


def ask(page, path="/", **headers):
    connection = http.client.HTTPConnection("127.0.0.1", urlsplit(page.url).port, timeout=10)
    connection.request("GET", path, headers={"Host": urlsplit(page.url).netloc, **headers})
    response = connection.getresponse()
    text = response.read()
    connection.close()
    return response, text


def token(page):
    return urlsplit(page.url).query


def test_the_address_opens_the_page_and_leaves_a_cookie(page):
    response, text = ask(page, f"/?{token(page)}")
    assert response.status == 200
    assert b"<html" in text.lower()
    cookie = response.headers["Set-Cookie"]
    assert cookie.endswith("; Path=/; HttpOnly; SameSite=Strict")
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert ask(page, "/", Cookie=cookie.split(";")[0])[0].status == 200


def test_others_are_refused(page):
    there = f"/?{token(page)}"
    for path in ("/", "/?token=", "/?token=x", there + "x"):
        response, text = ask(page, path)
        assert (response.status, text) == (
            403,
            b"the token is missing or old; open the address that maquette said\n",
        )
    for host in ("evil.example", "localhost.evil.example:8390", "", "[", "2130706433"):
        assert ask(page, there, Host=host)[0].status == 403, host
    for host in ("localhost:9", "127.0.0.1", "[::1]:8390"):  # a port may be forwarded
        assert ask(page, there, Host=host)[0].status == 200, host
    assert ask(page, there, Origin="http://evil.example")[0].status == 403
    assert ask(page, "/", Cookie="maquette-0=x; a=;;=")[0].status == 403


def test_websockets_of_other_pages_are_refused(page):
    parts = urlsplit(page.url)

    async def opened(origin, query):
        address = f"ws://{parts.netloc}/?{query}"
        protocol = f"viser-v{viser.__version__}"
        try:
            async with websockets.connect(address, origin=origin, subprotocols=[protocol]) as socket:
                return len(await asyncio.wait_for(socket.recv(), 10)) > 0
        except websockets.exceptions.InvalidStatus as refused:
            return refused.response.status_code

    assert asyncio.run(opened(f"http://{parts.netloc}", parts.query)) is True
    assert asyncio.run(opened("http://evil.example", parts.query)) == 403
    assert asyncio.run(opened("null", parts.query)) == 403
    assert asyncio.run(opened(f"http://{parts.netloc}", "token=x")) == 403


def test_nothing_is_shared(page, monkeypatch):
    monkeypatch.setattr("viser._viser.ViserTunnel", None)  # would be called
    assert page.server.request_share_url() is None


def test_a_viser_that_cannot_be_guarded_is_not_shown(monkeypatch):
    class Other:
        def __init__(self, **options):
            self.stopped = False

        def stop(self):
            stopped.append(True)

    stopped = []
    monkeypatch.setattr(local_page, "_Unshared", Other)
    with pytest.raises(RuntimeError, match="leaves no place for a guard"):
        LocalPage()
    assert stopped == [True]


def test_addresses_are_those_of_one_page_each(page):
    other = LocalPage(8390)
    assert other.url != page.url
    assert ask(other, f"/?{token(page)}")[0].status == 403
    other.close()
