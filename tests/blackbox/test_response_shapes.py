"""Every operation that is served is called, and its raw answers are compared with the service model.

The operations come from docs/api-coverage.md; `strict` compares each answer: status, headers, names, nesting, order,
types. The scripts say what must be in an answer. An operation without a script fails, and so does a documented member
that no answer has, unless its script says why it is not sent.
"""

import pytest
import scripted_buckets
import scripted_configurations
import scripted_lists
import scripted_objects
import scripted_uploads
from federation import Federation
from scripted import SCRIPTS, Stage
from test_api_coverage import MODEL, TABLE, is_implemented

MODULES = (scripted_buckets, scripted_configurations, scripted_lists, scripted_objects, scripted_uploads)
SERVED = sorted(operation for operation, state in TABLE.items() if is_implemented(state))


@pytest.fixture(scope="module")
def stage_federation(workspace):
    """Days of two seconds, so that restores come to their end."""
    federation = Federation(workspace / "shapes", extra=("--day-length", "2"))
    try:
        yield federation.start()
    finally:
        federation.stop()


@pytest.fixture(scope="module")
def shared_stage(stage_federation):
    return Stage(stage_federation, MODEL)


@pytest.fixture
def stage(shared_stage):
    shared_stage.responses.clear()
    return shared_stage


def test_every_served_operation_has_a_script():
    assert set(SCRIPTS) == set(SERVED), {
        "without a script": sorted(set(SERVED) - set(SCRIPTS)),
        "not served": sorted(set(SCRIPTS) - set(SERVED)),
    }


def test_no_script_is_from_elsewhere():
    assert {each.run.__module__ for each in SCRIPTS.values()} == {module.__name__ for module in MODULES}


@pytest.mark.parametrize("operation", SERVED)
def test_answers_of(stage, operation):
    SCRIPTS[operation].run(stage)
    if operation in MODEL.operation_names:
        stage.check(operation)
