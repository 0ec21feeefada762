"""``ecard doctor`` as a library: everything that a working card needs is looked at, and what is wrong gets a remedy."""

from ecard.doctor.examination import Examination, examine
from ecard.doctor.states import Level, Line, State

__all__ = ["Examination", "Level", "Line", "State", "examine"]
