"""Runs programs that configure HTTP.sys against a simulator of their own, and looks at what they did.

`Harness` is a host of a test's own; `Api` is the HTTP Server API of the simulator in this process.
"""

from .api import Api, HttpApiError
from .binding import Binding, Registration, UrlReservation, differences
from .configuration import PROFILES
from .harness import Harness
from .programs import Call, HarnessError
from .serving import ServeError, Serving

__all__ = [
    "PROFILES", "Api", "Binding", "Call", "Harness", "HarnessError", "HttpApiError", "Registration", "ServeError", "Serving",
    "UrlReservation", "differences",
]  # fmt: skip
