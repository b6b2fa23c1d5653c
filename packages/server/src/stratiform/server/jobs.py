"""The engine's jobs in the words of the handlers."""

from stratiform.api.cloud import Query
from stratiform.api.principal import Principal
from stratiform.engine.api import Fact, History
from stratiform.server.handlers.job import JobFacts, JobPage


class CommandJobs:
    """The jobs that commands asked for, as far as a principal may see them."""

    def __init__(self, history: History) -> None:
        self._history = history

    def find(self, job: str, who: Principal) -> JobFacts:
        """The job of this UUID. Raises `NotFound`, for somebody else's too."""
        return _facts(self._history.find(job, who))

    def latest(self, resource: str, who: Principal) -> JobFacts:
        """The newest job about a resource. Raises `NotFound`."""
        return _facts(self._history.latest(resource, who))

    def list(self, who: Principal, query: Query) -> JobPage:
        """Jobs, newest first."""
        count, facts = self._history.list(who, query)
        return JobPage(count=count, jobs=[_facts(each) for each in facts])


def _facts(fact: Fact) -> JobFacts:
    return JobFacts(**{name: getattr(fact, name) for name in JobFacts.__dataclass_fields__})
