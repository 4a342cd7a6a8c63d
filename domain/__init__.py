"""Registers every aggregate and every process of the business, one line each."""

from domain.fulfilment import fulfilment
from domain.kernel.decider import AnyDecider
from domain.kernel.process import AnyProcess
from domain.order import order
from domain.payment import payment
from domain.product import product

PROCESSES: tuple[AnyProcess, ...] = (
    # One line for each process.
    fulfilment,
)

DECIDERS: tuple[AnyDecider, ...] = (
    # One line for each aggregate.
    product,
    order,
    payment,
    *(process.stream_decider for process in PROCESSES),
)
