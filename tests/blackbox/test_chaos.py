"""Three regions that replicate to each other, under load, and whatever can happen to them.

TERN_CHAOS_ROUNDS is the number of rounds (2; the long form has 24), TERN_CHAOS_HOLD how many seconds the faults of one
last at most (4; 20 in the long form), TERN_CHAOS_SEED repeats their choice. As root the disks fill up too, and with
libfaketime the clocks are set; what is not possible is printed.
"""

import os
import random
import time

import pytest
from chaos import FAULTS, NAMES, ChaosFederation, ChaosLoad, possible_values
from federation import BOB, fresh_name
from load import verify
from replication import configure, listing, rule
from s3 import in_parallel
from verification import verify_bucket
from waiting import eventually

ROUNDS = int(os.environ.get("TERN_CHAOS_ROUNDS", "2"))
SEED = int(os.environ.get("TERN_CHAOS_SEED", str(random.randrange(10**6))))
HOLD = float(os.environ.get("TERN_CHAOS_HOLD", "4"))
# Writes between two rounds, and while faults last, if so many are answered at all.
WRITES = 150
ROUND_SECONDS = 20
SETTLE_SECONDS = 300
# Versions whose bodies are read at every region, and whose tags and ACLs are compared there.
LOOKED_AT = min(400 * ROUNDS, 3000)


@pytest.fixture
def chaos(workspace):
    federation = ChaosFederation(workspace / fresh_name("chaos"), names=NAMES)
    try:
        yield federation.start()
    finally:
        federation.stop()


def make_buckets(federation):
    """A bucket in each region, each with a rule to every other."""
    places = [(region, region.bucket(name=fresh_name("chaos"))) for region in federation.regions]
    for region, bucket in places:
        client = region.client()
        client.put_bucket_ownership_controls(
            Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
        )
    for region, bucket in places:
        rules = [
            {
                **rule(other, identifier=f"to-{there.name}", priority=number, markers="Enabled"),
                "SourceSelectionCriteria": {"ReplicaModifications": {"Status": "Enabled"}},
            }
            for number, (there, other) in enumerate(places)
            if there is not region
        ]
        configure(region.client(), bucket, *rules)
    return places


def test_nothing_is_lost_whatever_happens(chaos):
    print(f"\nTERN_CHAOS_SEED={SEED}")
    chance = random.Random(SEED)
    places = make_buckets(chaos)
    kinds = [kind for kind in FAULTS if kind.is_possible(chaos)]
    print(
        "not possible here:",
        sorted({kind.__name__ for kind in FAULTS} - {kind.__name__ for kind in kinds}) or "nothing",
    )
    started = time.monotonic()
    bag = []
    with ChaosLoad(places, seed=SEED) as load:
        load.go_on(WRITES, ROUND_SECONDS)
        for number in range(ROUNDS):
            faults = []
            victims = chance.sample(chaos.regions, len(chaos.regions))
            for region in victims[: chance.choice([1, 1, 2, 2, 3])]:
                # Every kind has its turn before one comes again.
                bag = bag or chance.sample(kinds, len(kinds))
                faults.append(bag.pop()(chaos, chance, region))
            print(f"{time.monotonic() - started:6.1f} s  round {number + 1}: {', '.join(map(str, faults))}", flush=True)
            load.go_on(WRITES, ROUND_SECONDS, at_least=chance.uniform(0, HOLD))
            for fault in reversed(faults):
                fault.end()
            load.go_on(WRITES, ROUND_SECONDS)
            dead = [region.name for region in chaos.regions if not region.is_running()]
            assert not dead, f"{dead} died by themselves\n{chaos.log_tail()}"
    print(f"{len(load.acknowledged)} writes and {load.changes} changes acknowledged, {load.unknown} without an answer")
    assert load.acknowledged and load.changes

    wait_until_settled(chaos, places)
    print(f"{time.monotonic() - started:6.1f} s  settled", flush=True)
    for _, bucket in places:
        verify_bucket(chaos, bucket).assert_equal()
    lists = [listing(region.client(), bucket) for region, bucket in places]
    assert lists[0] == lists[1] == lists[2]
    listed = {(entry[0], entry[1]) for entry in lists[0]}
    lost = [write for write in load.acknowledged if (write.key, write.version) not in listed]
    assert not lost, f"{len(lost)} lost, for example {lost[:3]}"
    written = [write for write in load.acknowledged if not write.is_marker]
    looked_at = chance.sample(written, min(LOOKED_AT, len(written)))
    for region, bucket in places:
        verify(region.client(strictly=False), bucket, looked_at)
    compare_metadata(places, looked_at, load)


def wait_until_settled(federation, places):
    """Nothing is pending, by the counts and by the versions themselves."""
    state = {}

    def settled():
        state["pending"] = {bucket: pending_operations(federation, bucket) for _, bucket in places}
        if any(state["pending"].values()):
            return False
        state["findings"] = [verify_bucket(federation, bucket).findings[:3] for _, bucket in places]
        return not any(line["kind"] == "pending" for found in state["findings"] for line in found)

    eventually(settled, lambda: f"nothing is pending: {state}\n{federation.log_tail()}", within=SETTLE_SECONDS, every=1)


def pending_operations(federation, bucket):
    from test_verification import status

    return sum(
        entry["pendingOperations"]
        for region in status(federation)
        for entry in region["rules"]
        if entry["sourceBucket"] == bucket
    )


def compare_metadata(places, writes, load):
    """Tags and ACL of a version are the same in every region, and the last that was acknowledged where that is known."""
    bob = places[0][0].federation.canonical_ids[BOB.id]

    def look(write):
        found = []
        for region, bucket in places:
            client = region.client(strictly=False)
            where = {"Bucket": bucket, "Key": write.key, "VersionId": write.version}
            tags = [tag["Value"] for tag in client.get_object_tagging(**where)["TagSet"]]
            grants = client.get_object_acl(**where)["Grants"]
            acl = [grant["Permission"] for grant in grants if grant["Grantee"].get("ID") == bob]
            found.append({"tags": tags[0] if tags else None, "acl": acl[0] if acl else None})
        assert found[0] == found[1] == found[2], (write, found)
        for kind, value in found[0].items():
            history = load.histories[kind].get((write.key, write.version))
            if history is None:
                assert value is None, (write, kind, value)
            else:
                assert value in possible_values(history), (write, kind, value, history)

    in_parallel(look, writes, workers=8)
