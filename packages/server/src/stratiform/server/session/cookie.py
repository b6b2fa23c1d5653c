"""The two cookies of a session, as CloudStack's clients know them."""

TOKEN = "JSESSIONID"
KEY = "sessionkey"
"""Also the name of the parameter that repeats it."""

_RULES = "HttpOnly; SameSite=Lax"
_OVER = "Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT"


def begin(token: str, key: str, *, secure: bool) -> tuple[str, str]:
    """The values of `Set-Cookie` for a session that begins.

    The key has no path, as CloudMonkey reads it; `secure` ones travel by TLS only.
    """
    more = "; Secure" if secure else ""
    return f"{TOKEN}={token}; Path=/client; {_RULES}{more}", f"{KEY}={key}; {_RULES}{more}"


def end() -> tuple[str, str]:
    """The values of `Set-Cookie` that make a client forget both."""
    return f"{TOKEN}=; Path=/client; {_OVER}; {_RULES}", f"{KEY}=; {_OVER}; {_RULES}"
