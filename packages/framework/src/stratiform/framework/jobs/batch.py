"""A batch of jobs, carried on in one transaction: all of them, or all but those that must not hurt the others."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import sqlalchemy
import structlog

from stratiform.framework import context
from stratiform.framework.base import errors
from stratiform.framework.cluster.membership import Expired
from stratiform.framework.db.database import ATTEMPTS, transient
from stratiform.framework.jobs.advance import Advance, Fault, Place
from stratiform.framework.jobs.run import Direction
from stratiform.framework.jobs.stage import Answer, AnyCall, AnyRun
from stratiform.framework.jobs.state import State
from stratiform.framework.jobs.work import Work

log = structlog.get_logger(__name__)
