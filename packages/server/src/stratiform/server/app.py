"""The HTTP face: a Falcon application under /client/api."""

import re
from typing import TypeAlias

import falcon

from stratiform.framework.base.world import World
from stratiform.server.dispatch import Dispatcher, Reply
from stratiform.server.errors import MethodNotAllowed, TooLarge
from stratiform.server.handlers.call import Services
from stratiform.server.handlers.table import bind
from stratiform.server.request import BODY_LIMIT, FORM
from stratiform.server.signature import Callers

API = re.compile(r"/client/api(?:/.*)?\Z")
HOME = "/client"
App: TypeAlias = falcon.App[falcon.Request, falcon.Response]
WELCOME = "This is a cloud. Its API is at /client/api.\n"


def make(services: Services, callers: Callers, world: World) -> App:
    """The application that answers these commands. Raises `NoHandler` if it cannot carry one of them out."""
    dispatcher = Dispatcher(
        commands=services.commands, handlers=bind(services), access=services.access, callers=callers, world=world
    )
    app = falcon.App()
    app.add_sink(_Api(dispatcher), API)
    app.add_route("/", _Root())
    app.add_route(HOME, _Home())
    return app


class _Api:
    """GET and POST at /client/api and anywhere below."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher

    def __call__(self, req: falcon.Request, resp: falcon.Response, **_: object) -> None:
        query = req.query_string
        match req.method:
            case "GET":
                reply = self._dispatcher.answer(query)
            case "POST" if (req.content_length or 0) > BODY_LIMIT:
                reply = self._dispatcher.refuse(TooLarge(what="the bytes of a form", limit=BODY_LIMIT), query)
            case "POST":
                reply = self._dispatcher.answer(query, _form(req))
            case method:
                reply = self._dispatcher.refuse(MethodNotAllowed(method=method), query)
                resp.set_header("Allow", "GET, POST")
        _write(reply, resp)


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


def _form(request: falcon.Request) -> bytes:
    kind = (request.content_type or "").partition(";")[0].strip().lower()
    if kind != FORM:
        return b""
    body: bytes = request.bounded_stream.read(BODY_LIMIT + 1)
    return body


def _write(reply: Reply, response: falcon.Response) -> None:
    response.status = reply.status
    response.content_type = reply.content_type
    response.data = reply.body
    response.set_header("X-Content-Type-Options", "nosniff")
    for name, value in reply.headers.items():
        response.set_header(name, value)
