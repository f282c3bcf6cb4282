"""Fixtures: federations of real processes, clients and buckets.

The federations of a session are shared: what other tests left there differs from run to run. With `TERN_TEST_CROWD=1`
they are filled before their first test with more than a page of everything; see `crowd.py`.
"""

import os
import pathlib
import shutil

import crowd
import pytest
from events import Targets
from federation import ALICE, BOB, Federation, ForeignFederation, free_ports, fresh_name


def pytest_addoption(parser):
    parser.addoption("--keep", action="store_true", help="keep the regions' data and logs")


# The modules that take minutes, longest first: they begin first, so that no runner is left alone with one at the end.
LONG_MODULES = [
    "test_terraform",
    "test_chaos",
    "test_batch_crash",
    "test_long_lines",
    "test_scale",
    "test_crash",
    "test_clients",
    "test_listing_scale",
    "test_permissions",
]


def pytest_collection_modifyitems(items):
    order = {name: place for place, name in enumerate(LONG_MODULES)}
    items.sort(key=lambda item: order.get(item.module.__name__, len(order)))


@pytest.fixture(scope="session")
def workspace(tmp_path_factory, request):
    """Where all data of the run lies; removed when every test passed."""
    root = os.environ.get("TERN_TEST_DIR")
    runner = os.environ.get("PYTEST_XDIST_WORKER", "")
    directory = pathlib.Path(root) / runner if root else tmp_path_factory.mktemp("tern")
    directory.mkdir(parents=True, exist_ok=True)
    yield directory
    if request.session.testsfailed == 0 and not request.config.getoption("--keep"):
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def federation(workspace):
    """Two regions and two accounts, shared by all tests that leave the processes alone."""
    if "TERN_ENDPOINTS" in os.environ:
        yield ForeignFederation.from_environment()
        return
    federation = Federation(workspace / "shared")
    try:
        federation.start()
        if crowd.WANTED:
            crowd.fill(federation)
        yield federation
    finally:
        federation.stop()


@pytest.fixture(scope="module")
def own_federation(workspace, request):
    """Two regions for a module that kills, stops or fills them."""
    federation = Federation(workspace / request.module.__name__)
    try:
        yield federation.start()
    finally:
        federation.stop()


@pytest.fixture
def make_federation(workspace):
    """A factory of federations that live for one test."""
    made = []

    def make(**options):
        federation = Federation(workspace / fresh_name("f"), **options)
        made.append(federation)
        return federation.start()

    yield make
    for federation in made:
        federation.stop()


@pytest.fixture(scope="session")
def event_targets(workspace):
    """Receivers of events, and real servers that take them."""
    for program in ["redis-server", "redis-cli", "nats-server"]:
        assert shutil.which(program), f"there is no {program}; scripts/test installs it"
    targets = Targets(workspace / "targets")
    yield targets
    targets.stop()


@pytest.fixture(scope="session")
def _events_regions(workspace, event_targets):
    federation = Federation(workspace / "events", extra=("--day-length", "1"))
    try:
        federation.start()
        for region, port in zip(federation.regions, free_ports(2), strict=True):
            region.metrics_port = port
            text = region.config_path.read_text()
            text = text.replace("\nmetrics:\n", f"\nmetrics:\n  listen: 127.0.0.1:{port}\n")
            region.config_path.write_text(text + "targets:\n" + event_targets.configuration())
            region.terminate()
            region.start()
        if crowd.WANTED:
            crowd.fill(federation)
        yield federation
    finally:
        federation.stop()


@pytest.fixture
def events_federation(_events_regions):
    """Two regions that send events to `event_targets`, with days of a second."""
    for region in _events_regions.regions:
        # A test that failed half-way may have left a region down.
        if not region.is_running():
            region.start()
    return _events_regions


@pytest.fixture
def scratch(workspace):
    """An empty directory for one test."""
    directory = workspace / fresh_name("scratch")
    directory.mkdir()
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def home(federation):
    return federation["us-east-1"]


@pytest.fixture
def abroad(federation):
    return federation["eu-west-1"]


@pytest.fixture
def s3(home):
    """The first account's client for us-east-1."""
    return home.client(ALICE)


@pytest.fixture
def bob(home):
    """The second account's client for us-east-1."""
    return home.client(BOB)


@pytest.fixture
def raw(home):
    return home.raw(ALICE)


@pytest.fixture
def bucket(home):
    """A fresh bucket with versioning Enabled."""
    return home.bucket()


@pytest.fixture
def plain_bucket(home):
    """A fresh bucket whose versioning was never set."""
    return home.bucket(versioned=False)


@pytest.fixture(autouse=True)
def _server_lives_on(request):
    """Blames the test during which a shared region died, and restarts the region for the tests that follow."""
    if "own_federation" in request.fixturenames:
        # A test that failed half-way may have left a region down.
        for region in request.getfixturevalue("own_federation").regions:
            if not region.is_running():
                region.start()
    yield
    if "federation" not in request.fixturenames or "TERN_ENDPOINTS" in os.environ:
        return
    federation = request.getfixturevalue("federation")
    dead = [region for region in federation.regions if not region.is_running()]
    logs = federation.log_tail()
    for region in dead:
        region.pid = None
        region.start()
    assert not dead, f"{[region.name for region in dead]} died during this test\n{logs}"
