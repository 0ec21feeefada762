"""The simulated card: the PIV card application from the card's side, in memory or kept in a file."""

from ecard.simulator.attestation import AttestationAuthority
from ecard.simulator.behaviour import Behaviour
from ecard.simulator.card import SimulatedCard
from ecard.simulator.cardfile import CardFile
from ecard.simulator.faults import Fault, FaultyReader, FaultyTransport, Rule
from ecard.simulator.inprocess import InProcess
from ecard.simulator.profile import PROFILES, Profile
from ecard.simulator.vpcd import serve

__all__ = [
    "PROFILES",
    "AttestationAuthority",
    "Behaviour",
    "CardFile",
    "Fault",
    "FaultyReader",
    "FaultyTransport",
    "InProcess",
    "Profile",
    "Rule",
    "SimulatedCard",
    "serve",
]
