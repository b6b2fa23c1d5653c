"""The integration port: the same commands for whoever is on this machine, without proof of who that is."""

import re
from collections.abc import Mapping

import falcon
import sqlalchemy

from stratiform.api.command import Command
from stratiform.api.principal import Principal, Role
from stratiform.engine.schema import account, account_user, domain
from stratiform.framework.base.errors import Error, Internal
from stratiform.framework.db.database import Database
from stratiform.framework.telemetry.prometheus import CONTENT_TYPE, Page
from stratiform.server.app import App, asked_of, write
from stratiform.server.dispatch import Dispatcher, Reply
from stratiform.server.door import Authenticate
from stratiform.server.errors import Foreign, MethodNotAllowed, NotAvailable, NotHere
from stratiform.server.request import Asked
from stratiform.server.serving import Serving

HOST = "127.0.0.1"
"""The only address that it listens on: whoever reaches it may do everything."""
NAMES = frozenset({"", "localhost", "127.0.0.1", "[::1]"})
"""What a program of this machine calls it; a site that has its own name lead here does not."""
BROWSERS = ("HTTP_ORIGIN", "HTTP_REFERER", "HTTP_UPGRADE", "HTTP_SEC_FETCH_SITE", "HTTP_SEC_FETCH_MODE")
"""What a browser tells and a program does not."""
THREADS = 2
METRICS = "/metrics"
REFUSED: Mapping[str, frozenset[str]] = {"updateUser": frozenset({"password", "currentpassword"})}
"""Parameters that CloudStack does not accept here, by command."""

_ADMINISTRATOR = (
    sqlalchemy.select(account_user.c.uuid, account.c.uuid, domain.c.path)
    .join_from(account_user, account, account_user.c.account_id == account.c.id)
    .join(domain, account.c.domain_id == domain.c.id)
    .where(account_user.c.is_default, account.c.is_default, account_user.c.removed.is_(None))
    .order_by(account_user.c.id)
    .limit(1)
)


class CannotListen(Error):
    """Nothing can listen on 127.0.0.1:{port}: {reason}. Choose another port with --integration-port."""

    code = "cannot_listen_for_integration"


class Back:
    """The door of the integration port: everybody is the cloud's own administrator."""

    authenticators: Mapping[str, Authenticate] = {}
    reasons = True

    def __init__(self, database: Database) -> None:
        self._database = database

    def admit(self, asked: Asked, parameters: Mapping[str, str], command: Command | None) -> Principal:
        """The administrator that the cloud came with, even a disabled one."""
        if command is None:
            raise NotAvailable(command=parameters.get("command", ""))
        refused = REFUSED.get(command.name, frozenset()) & {name.lower() for name in parameters}
        if refused:
            raise NotHere(parameter=min(refused))
        with self._database.reading() as connection:
            row = connection.execute(_ADMINISTRATOR).first()
        if row is None:
            raise Internal(reason="this cloud has no administrator yet")
        user, owner, path = row
        return Principal(user=user, account=owner, role=Role.ADMIN, scope=path)


def make(dispatcher: Dispatcher, door: Back, page: Page | None = None) -> App:
    """The application behind the port: GET, under any path; with a page of metrics, at /metrics that."""
    app = falcon.App()
    if page is not None:
        app.add_route(METRICS, _Metrics(page))
    app.add_sink(_Anywhere(dispatcher, door), "/")
    return app


def serve(dispatcher: Dispatcher, database: Database, port: int, page: Page | None = None) -> Serving:
    """Listen on the port, with few threads of its own. Raises `CannotListen`."""
    door = Back(database)

    def refuse(error: Exception, asked: Asked) -> Reply:
        return dispatcher.refuse(error, asked, door)

    try:
        return Serving(make(dispatcher, door, page), HOST, port, THREADS, refuse=refuse, once=True)
    except OSError as error:
        raise CannotListen(port=port, reason=error.strerror) from error


class _Anywhere:
    def __init__(self, dispatcher: Dispatcher, door: Back) -> None:
        self._dispatcher = dispatcher
        self._door = door

    def __call__(self, req: falcon.Request, resp: falcon.Response, **_: object) -> None:
        asked = asked_of(req)
        if _is_foreign(req):
            reply = self._dispatcher.refuse(Foreign(), asked, self._door)
        elif asked.method != "GET":
            reply = self._dispatcher.refuse(MethodNotAllowed(method=asked.method, allowed="GET"), asked, self._door)
        else:
            reply = self._dispatcher.answer(asked, self._door)
        write(reply, req, resp)


class _Metrics:
    def __init__(self, page: Page) -> None:
        self._page = page

    def on_get(self, request: falcon.Request, response: falcon.Response) -> None:
        if _is_foreign(request):
            raise falcon.HTTPForbidden(title=str(Foreign()))
        response.content_type = CONTENT_TYPE
        response.text = self._page.text()


def _is_foreign(request: falcon.Request) -> bool:
    """Whether a browser asks: whatever page or message made it, this port would do as it says."""
    name = re.sub(r":\d*$", "", request.env.get("HTTP_HOST", "")).lower()
    told = any(header in request.env for header in BROWSERS)
    return name not in NAMES or told or request.env.get("HTTP_USER_AGENT", "").startswith("Mozilla/")
