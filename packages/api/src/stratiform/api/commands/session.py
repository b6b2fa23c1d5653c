"""Sessions: the commands that begin and end one, and what they answer."""

from stratiform.api.command import Command, Returns
from stratiform.api.events import EventName
from stratiform.api.parameter import entity, secret, text
from stratiform.api.view import View, flag, string, whole

LOGIN = View(
    "login",
    (
        string("username", "the name that the user logged in with"),
        string("userid", "the user's UUID"),
        string("domainid", "UUID of the user's domain"),
        whole("timeout", "seconds that the session is good after its last request"),
        string("account", "name of the user's account"),
        string("firstname", "the user's first name"),
        string("lastname", "the user's last name"),
        string("type", "0 user, 1 operator, 2 operator of a domain, 3 resource operator"),
        string("timezone", "where the user's clock is"),
        string("timezoneoffset", "hours that the user's clock is ahead of UTC"),
        string("registered", "whether the user is registered"),
        string("sessionkey", "what every request of the session repeats as sessionkey"),
        string("is2faenabled", "whether a second factor is asked for"),
        string("is2faverified", "whether no second factor is missing"),
        flag("passwordchangerequired", "whether the password must be changed first"),
    ),
)

LOGOUT = View("logout", (string("description", "success"),))

login = Command(
    name="login",
    description="Logs a user in, with POST; the answer's cookies and its sessionkey stand for an API key.",
    parameters=(
        text("username", "The user's name.", required=True),
        secret("password", "The user's password.", required=True),
        text("domain", "The path of the user's domain, for example /sales/europe; the root domain if not given."),
        entity("domainid", "domain", "The UUID of the user's domain, in place of its path."),
    ),
    returns=Returns.FLAT,
    mutates=True,
    event=EventName.USER_LOGIN,
    view=LOGIN,
    example={"username": "admin", "password": "password", "domain": "/"},
)

logout = Command(
    name="logout",
    description="Logs a user out: the session is over.",
    parameters=(),
    returns=Returns.FLAT,
    mutates=True,
    event=EventName.USER_LOGOUT,
    view=LOGOUT,
    example={},
)
