"""The HTTP face: a Falcon application under /client/api."""

import re
import zlib
from collections.abc import Mapping
from typing import TypeAlias

import falcon

from stratiform.framework.base.world import World
from stratiform.server import token
from stratiform.server.dispatch import Dispatcher, Reply
from stratiform.server.door import Door
from stratiform.server.errors import MethodNotAllowed
from stratiform.server.handlers.call import Services
from stratiform.server.handlers.table import bind
from stratiform.server.request import BODY_LIMIT, FORM, Asked
from stratiform.server.session import cookie
from stratiform.server.traffic import Requests

API = re.compile(r"/client/api(?:/.*)?\Z")
HOME = "/client"
App: TypeAlias = falcon.App[falcon.Request, falcon.Response]
WELCOME = "This is a cloud. Its API is at /client/api.\n"
METHODS = ("GET", "POST")

SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "X-XSS-Protection": "1; mode=block",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
"""Headers of every answer of the API."""

WORTH = 1024
"""Bytes of an answer that is compressed for those who take it so."""
EFFORT = 1
"""Of zlib's nine: the others cost more time than they save bytes."""
_GZIP = re.compile(r"(?:^|,)\s*(?:x-)?(?:gzip|\*)\s*(?:$|,|;(?!\s*q\s*=\s*0(?:\.0*)?\s*(?:$|,)))", re.IGNORECASE)


def dispatcher(services: Services, world: World, requests: Requests | None = None) -> Dispatcher:
    """What answers these commands. Raises `NoHandler` if it cannot carry one of them out."""
    return Dispatcher(
        commands=services.commands,
        handlers=bind(services),
        access=services.access,
        config=services.config,
        tokens=services.tokens,
        requests=requests or Requests(world.clock),
        world=world,
    )


def make(dispatcher: Dispatcher, door: Door) -> App:
    """The application that answers what comes through a door."""
    app = falcon.App()
    app.add_sink(_Api(dispatcher, door), API)
    app.add_route("/", _Root())
    app.add_route(HOME, _Home())
    return app


class _Api:
    """GET and POST at /client/api and anywhere below."""

    def __init__(self, dispatcher: Dispatcher, door: Door) -> None:
        self._dispatcher = dispatcher
        self._door = door

    def __call__(self, req: falcon.Request, resp: falcon.Response, **_: object) -> None:
        asked = asked_of(req)
        if asked.method in METHODS:
            reply = self._dispatcher.answer(asked, self._door)
        else:
            error = MethodNotAllowed(method=asked.method, allowed=", ".join(METHODS))
            reply = self._dispatcher.refuse(error, asked, self._door)
        write(reply, req, resp)


class _Root:
    """The address without a path."""

    def on_get(self, request: falcon.Request, response: falcon.Response) -> None:
        """Lead to where everything is."""
        raise falcon.HTTPMovedPermanently(HOME)


class _Home:
    """A word for whoever comes with a browser."""

    def on_get(self, request: falcon.Request, response: falcon.Response) -> None:
        """Say where the API is."""
        response.content_type = falcon.MEDIA_TEXT
        response.text = WELCOME


def asked_of(request: falcon.Request) -> Asked:
    """What HTTP brought; a body that is no form is not read."""
    method = request.method
    form = _form(request) if method == "POST" else b""
    return Asked(
        query=request.query_string,
        form=form,
        method=method,
        cookies=_cookies(request),
        token=request.get_header(token.HEADER),
    )


def write(reply: Reply, request: falcon.Request, response: falcon.Response) -> None:
    """Let HTTP carry an answer, compressed if it is long and the client takes it so."""
    response.status = reply.status
    response.content_type = reply.content_type
    response.data = reply.body
    response.set_headers({**SECURITY, **reply.headers})
    for each in reply.cookies:
        response.append_header("Set-Cookie", each)
    if len(reply.body) >= WORTH:
        response.set_header("Vary", "Accept-Encoding")
        if _GZIP.search(request.env.get("HTTP_ACCEPT_ENCODING", "")):
            response.set_header("Content-Encoding", "gzip")
            response.data = _gzip(reply.body)


def _cookies(request: falcon.Request) -> Mapping[str, str]:
    """A session's; the first of a name is the one that was set for the API."""
    if "HTTP_COOKIE" not in request.env:
        return {}
    found = {name: request.get_cookie_values(name) for name in (cookie.TOKEN, cookie.KEY)}
    return {name: values[0] for name, values in found.items() if values}


def _form(request: falcon.Request) -> bytes:
    kind = (request.content_type or "").partition(";")[0].strip().lower()
    if kind != FORM:
        return b""
    body: bytes = request.bounded_stream.read(BODY_LIMIT + 1)
    return body


def _gzip(body: bytes) -> bytes:
    packer = zlib.compressobj(EFFORT, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    return packer.compress(body) + packer.flush()
