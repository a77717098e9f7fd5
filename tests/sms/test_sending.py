"""Whatever happens in whatever order, nobody is texted twice, too late or after STOP."""

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.support.sending import sending_machine


def test_no_order_of_events_breaks_a_promise(redis_url: str) -> None:
    run_state_machine_as_test(
        sending_machine(redis_url),
        settings=settings(max_examples=30, stateful_step_count=25, deadline=None),
    )
