"""A planted bug as data."""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, kw_only=True)
class Edit:
    """One place of the code, and what stands there when the bug is planted."""

    file: str
    """Below `packages`."""
    old: str
    """Occurs exactly once."""
    new: str

    @property
    def path(self) -> Path:
        return ROOT / "packages" / self.file

    @property
    def package(self) -> Path:
        """The `src` folder of the distribution, below `packages`."""
        here = Path(self.file)
        return Path(*here.parts[: here.parts.index("src") + 1])

    @property
    def module(self) -> str:
        return ".".join(Path(self.file).relative_to(self.package).with_suffix("").parts)

    def apply(self, text: str) -> str:
        """The file's text with the bug. Raises `Moved` if its place is not there, or not for certain."""
        if text.count(self.old) != 1:
            raise Moved(f"{self.file} has this {text.count(self.old)} times, not once:\n{self.old}")
        return text.replace(self.old, self.new)


class Moved(AssertionError):
    """The code changed where a bug is planted: plant it anew in tests/planted/bugs.py."""


@dataclass(frozen=True, kw_only=True)
class Bug:
    """What somebody might get wrong, and the tests that must notice it."""

    name: str
    harm: str
    """What it would do to a tenant or an operator, in a sentence."""
    edits: tuple[Edit, ...]
    caught_by: tuple[str, ...]
    """Tests below `tests`, each of which must fail: the quickest that do."""
    database: str = "sqlite"

    @property
    def tests(self) -> tuple[str, ...]:
        return tuple(f"tests/{each}" for each in self.caught_by)
