"""The register: every aggregate and every process of the business, one line each."""

from domain.fulfilment import fulfilment
from domain.kernel.decider import AnyDecider
from domain.kernel.process import AnyProcess
from domain.order import order
from domain.payment import payment
from domain.product import product

PROCESSES: tuple[AnyProcess, ...] = (fulfilment,)

DECIDERS: tuple[AnyDecider, ...] = (
    product,
    order,
    payment,
    *(process.stream_decider for process in PROCESSES),
)
