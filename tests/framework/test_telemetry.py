"""Log lines: complete, one way for all loggers, and without secrets."""

import io
import json
import logging

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from stratiform.framework import context
from stratiform.framework.base import errors
from stratiform.framework.telemetry.logs import Format, about, configure, get_logger
from stratiform.framework.telemetry.redaction import HIDDEN, redact

WHO = context.Context(principal="p", request="r", trace="a" * 32, root="j1", job="j2")
LOG = get_logger("stratiform.bakery")


@pytest.fixture(autouse=True)
def _as_it_was():
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def lines(clock):
    """Configures JSON lines and answers those written so far."""
    stream = io.StringIO()
    configure(stream, Format.JSON, "info", clock=clock)
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_has_time_level_logger_event_and_every_id(lines):
    with context.use(WHO):
        LOG.info("loaf baked", grams=500)
    assert lines() == [
        {
            "time": "2025-06-15T15:06:40.000000Z",
            "level": "info",
            "logger": "stratiform.bakery",
            "event": "loaf baked",
            "grams": 500,
            **context.attributes(WHO),
        }
    ]


def test_the_standard_library_goes_the_same_way(lines):
    with context.use(WHO):
        logging.getLogger("other.library").warning("%s loaves", 3)
    (line,) = lines()
    assert (line["logger"], line["level"], line["event"]) == ("other.library", "warning", "3 loaves")
    assert context.attributes(WHO).items() <= line.items()


def test_outside_of_a_context_a_line_claims_nobody(lines):
    LOG.info("alone")
    assert "principal" not in lines()[0]


def test_an_id_that_the_caller_gives_does_not_replace_the_contexts(lines):
    with context.use(WHO):
        LOG.info("about another", job="j9", root="j1")
    (line,) = lines()
    assert (line["job"], line["given_job"], line["root"]) == ("j2", "j9", "j1")
    assert "given_root" not in line


def test_lines_below_the_level_are_not_written(lines):
    LOG.debug("quiet")
    logging.getLogger("other.library").debug("quiet")
    assert lines() == []


def test_a_second_configuration_replaces_the_first(lines):
    second = io.StringIO()
    configure(second, Format.JSON, "debug")
    LOG.debug("now here")
    assert lines() == []
    assert len(second.getvalue().splitlines()) == 1


def test_an_unknown_level_is_refused():
    with pytest.raises(errors.Invalid, match="loud"):
        configure(io.StringIO(), Format.JSON, "loud")


def test_an_exception_is_one_line_without_the_secret_in_it(lines):
    try:
        raise ValueError("no such host: postgresql://cloud:hunter2@db/cloud")
    except ValueError:
        LOG.exception("failed", password="hunter2")
    (line,) = lines()
    assert "ValueError" in line["exception"]
    assert "hunter2" not in json.dumps(line)


def test_a_line_break_in_a_text_makes_no_second_line(lines):
    LOG.info("one\n{}", name="x\ny")
    assert len(lines()) == 1


def test_the_console_shows_the_same_for_people():
    stream = io.StringIO()
    configure(stream, Format.CONSOLE, "info")
    with context.use(WHO):
        LOG.info("loaf baked", secretkey="hunter2")
    assert "loaf baked" in stream.getvalue()
    assert "request=r" in stream.getvalue()
    assert "hunter2" not in stream.getvalue()


SECRET_KEYS = ["password", "secretkey", "Secret_Key", "signature", "sessionKey", "token", "private-key"]
SHAPES = ["{k}={v}&x=1", "'{k}': '{v}'", '"{k}": "{v}"', "a {k}: {v}"]


@given(st.sampled_from(SECRET_KEYS), st.sampled_from(SHAPES))
def test_a_secret_in_a_text_is_hidden(key, shape):
    text = shape.format(k=key, v="hunter2")
    assert "hunter2" not in redact(text)
    assert HIDDEN in redact(text)


@given(st.recursive(st.sampled_from(SECRET_KEYS), lambda deep: st.one_of(st.lists(deep), st.tuples(deep))))
def test_a_secret_is_hidden_at_any_depth(shape):
    def build(part):
        return {part: "hunter2"} if isinstance(part, str) else [build(each) for each in part]

    assert "hunter2" not in repr(redact({"answer": build(shape)}))


def test_what_is_no_secret_stays():
    kept = {"apikey": "abc", "keypair": "mine", "none": None, "event": "Basic Networking: a pass"}
    assert redact(kept) == kept
    assert redact({"password": None}) == {"password": None}
    request = redact("GET /client/api?command=listZones&apikey=abc&signature=s%2Bx%3D&response=json")
    assert request == f"GET /client/api?command=listZones&apikey=abc&signature={HIDDEN}&response=json"


def test_credentials_in_headers_and_addresses_are_hidden():
    assert redact("Authorization: Bearer abc.def, next") == f"Authorization: {HIDDEN}, next"
    assert redact("sent Basic dXNlcjpodW50ZXIy to it") == f"sent Basic {HIDDEN} to it"
    assert redact("https://cloud:hunter2@host:8080/x") == f"https://cloud:{HIDDEN}@host:8080/x"


@pytest.mark.parametrize("format", Format)
def test_a_log_is_read_again_by_the_ids_in_its_lines(clock, format):
    stream = io.StringIO()
    configure(stream, format, "info", clock=clock)
    stream.write("starting up\n")
    LOG.info("nobody's line")
    with context.use(WHO):
        LOG.info("loaf baked", grams=500)
        clock.advance(1_500_001)
        try:
            raise ValueError("burnt")
        except ValueError:
            LOG.exception("an effect raised")
    LOG.info("nobody's again")
    stream.seek(0)
    baked, raised = about(stream, {"j1"})
    assert raised.at - baked.at == 1_500_001
    assert baked.at == 1_750_000_000_000_000
    assert "loaf baked" in baked.text
    assert "grams=500" in baked.text
    assert "ValueError: burnt" in raised.text
    assert "2025-" not in baked.text
    stream.seek(0)
    assert not list(about(stream, {"j3"}))


def test_a_line_of_json_is_told_in_words_without_what_all_lines_share(clock):
    stream = io.StringIO()
    configure(stream, Format.JSON, "info", clock=clock)
    with context.use(WHO):
        LOG.warning("loaf dropped", floor=3)
    stream.seek(0)
    [line] = about(stream, {"j2"})
    assert line.text == "[warning] loaf dropped floor=3"
