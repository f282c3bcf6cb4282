"""The one place where a test waits: a condition is polled until it holds or its deadline passes."""

import time


class Deadline(AssertionError):
    """The condition did not come true in time."""


def eventually(condition, what, *, within=30.0, every=0.05, swallow=()):
    """Returns the first true value of `condition()`.

    `what` names the condition in the failure; it may be a callable that describes the state at the end. Exceptions of
    the classes in `swallow` count as "not yet".
    """
    deadline = time.monotonic() + within
    while True:
        last_error = None
        try:
            value = condition()
            if value:
                return value
        except swallow as error:
            last_error = error
        if time.monotonic() >= deadline:
            state = what() if callable(what) else what
            reason = f" (last error: {last_error!r})" if last_error else ""
            raise Deadline(f"not within {within:g} s: {state}{reason}")
        time.sleep(every)


def always(condition, what, *, during=1.0, every=0.05):
    """Fails as soon as `condition()` is false within `during` seconds: for "this must not happen"."""
    deadline = time.monotonic() + during
    while time.monotonic() < deadline:
        if not condition():
            raise AssertionError(f"did not stay true for {during:g} s: {what}")
        time.sleep(every)
