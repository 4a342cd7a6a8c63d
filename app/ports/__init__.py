"""The register of what is outside: for each type of call that a process makes, who makes it."""

from collections.abc import Mapping

from app.engine.database.connections import Database
from app.engine.processes.dispatcher import Port
from app.ports.payment import payment_ports
from app.ports.simulated_gateway import SimulatedGateway, fault_plan
from app.settings import Settings


def ports(settings: Settings, database: Database) -> Mapping[type, Port]:
    """The calls and their ports. Put your own gateway in place of the simulated one."""
    return {
        **payment_ports(SimulatedGateway(database, fault_plan(settings.simulated_gateway))),
    }
