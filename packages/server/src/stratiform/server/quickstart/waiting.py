"""Waiting for what jobs bring about: how far it is, which of them failed, and which takes too long."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy
from sqlalchemy import Connection, Select

from stratiform.engine.schema import host, pool
from stratiform.framework.agents.states import State as Connection_
from stratiform.framework.agents.table import resource
from stratiform.framework.base import errors
from stratiform.framework.jobs.state import Outcome, State
from stratiform.framework.jobs.table import job
