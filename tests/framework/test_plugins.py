"""Plug-ins: all of them, in one order, or an error that names the culprit."""

import sys
from typing import Protocol

import pytest

from stratiform.framework import plugins

NAMESPACE = "bakery.oven"


class Oven(Protocol):
    size: int

    def bake(self) -> str: ...


class Factory(Protocol):
    def __call__(self) -> Oven: ...


GOOD_AT = "class Oven:\n    size = 3\n    def bake(self): return 'bread'\n    {order}\noven = Oven()\n"
GOOD = GOOD_AT.format(order="")


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Installs a distribution with one module and its entry points, named oven unless told otherwise."""
    monkeypatch.syspath_prepend(tmp_path)
    made = []

    def install(distribution, source=GOOD, **entries):
        module = distribution.replace("-", "_")
        made.append(module)
        (tmp_path / f"{module}.py").write_text(source)
        info = tmp_path / f"{module}-1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2\n")
        named = (entries or {distribution: "oven"}).items()
        lines = [f"{name} = {module}:{target}" for name, target in named]
        (info / "entry_points.txt").write_text("\n".join([f"[{NAMESPACE}]", *lines, ""]))

    yield install
    for module in made:
        sys.modules.pop(module, None)


def names(found):
    return [each.name for each in found]


def test_nothing_installed_is_nothing_loaded():
    assert plugins.load(NAMESPACE, object) == ()


def test_the_order_is_the_declared_number_then_the_name(install):
    install("d-late", GOOD_AT.format(order="order = 200"))
    install("c-plain")
    install("b-first", GOOD_AT.format(order="order = 5"))
    install("a-plain")
    found = plugins.load(NAMESPACE, Oven)
    assert names(found) == ["b-first", "a-plain", "c-plain", "d-late"]
    assert [each.order for each in found] == [5, 100, 100, 200]
    assert (found[0].distribution, found[0].version, found[0].plugin.bake()) == ("b-first", "1.2", "bread")


def test_one_that_cannot_be_loaded_is_an_error_with_its_cause(install):
    install("good")
    install("bad", "import flour_that_is_missing\n")
    with pytest.raises(plugins.Broken) as told:
        plugins.load(NAMESPACE, Oven)
    text = str(told.value)
    assert all(word in text for word in (NAMESPACE, "bad", "ModuleNotFoundError", "flour_that_is_missing"))
    assert told.value.parameters["distribution"] == "bad"
    assert isinstance(told.value.__cause__, ModuleNotFoundError)


def test_two_of_one_name_are_an_error_that_names_both(install):
    install("first-maker", gas="oven")
    install("second-maker", gas="oven")
    for load in (lambda: plugins.load(NAMESPACE, Oven), lambda: plugins.one(NAMESPACE, "gas", Oven)):
        with pytest.raises(plugins.Ambiguous, match=r"gas: those of first-maker, second-maker"):
            load()


def test_what_lacks_a_member_is_refused(install):
    install("cold", "class Oven:\n    size = 3\noven = Oven()\n")
    with pytest.raises(plugins.Broken, match="it lacks bake"):
        plugins.load(NAMESPACE, Oven)
    install("hollow", "class Oven:\n    def bake(self): ...\noven = Oven()\n")
    with pytest.raises(plugins.Broken, match="it lacks size"):
        plugins.one(NAMESPACE, "hollow", Oven)


def test_a_class_is_no_plugin_but_may_make_one(install):
    install("raw", raw="Oven")
    with pytest.raises(plugins.Broken, match="class, not an object"):
        plugins.load(NAMESPACE, Oven)
    assert plugins.one(NAMESPACE, "raw", Factory).plugin().bake() == "bread"


def test_an_order_is_a_number(install):
    install("odd", GOOD_AT.format(order="order = 'first'"))
    with pytest.raises(plugins.Broken, match="its order"):
        plugins.load(NAMESPACE, Oven)


def test_one_is_loaded_without_the_others(install):
    install("good")
    install("bad", "import flour_that_is_missing\n")
    assert plugins.one(NAMESPACE, "good", Oven).plugin.bake() == "bread"


def test_a_missing_one_is_an_error_that_lists_what_there_is(install):
    install("b-oven")
    install("a-oven")
    with pytest.raises(plugins.Missing, match=r"no plug-in gas for bakery\.oven; installed: a-oven, b-oven"):
        plugins.one(NAMESPACE, "gas", Oven)
    with pytest.raises(plugins.Missing, match="installed: none"):
        plugins.one("bakery.nothing", "gas", Oven)
