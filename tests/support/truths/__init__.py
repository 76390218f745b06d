"""What the ready views must return, computed in Python from the account that the archive is of.

Each function yields the rows of views next to the true ones, so that the tests compare a small account and
`python -m benchmarks.answers` a large one.
"""

from collections.abc import Callable, Iterator

from tests.support.answers import Answers, Compared
from tests.support.truths.alerts import ALERTS
from tests.support.truths.configuration import CONFIGURATION
from tests.support.truths.incidents import INCIDENTS
from tests.support.truths.on_call import ON_CALL

TRUTHS: tuple[Callable[[Answers], Iterator[Compared]], ...] = (*ALERTS, *ON_CALL, *INCIDENTS, *CONFIGURATION)
