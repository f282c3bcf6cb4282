"""A job survives kill -9 of any process at any moment, with each row once in its report (design invariant 10, BR-RS-1).

TERN_JOB_VERSIONS sets how many versions the job has, TERN_JOB_KILLS how often it is killed.
"""

import os
import random

import batch
from bulk import write_all
from control import control_client
from replication import configure, rule, status_of
from waiting import eventually

VERSIONS = int(os.environ.get("TERN_JOB_VERSIONS", "6000"))
KILLS = int(os.environ.get("TERN_JOB_KILLS", "4"))


def test_br_rs_1_br_th_2_kill_9_of_source_and_destination_while_a_job_runs(own_federation):
    home, abroad = own_federation["us-east-1"], own_federation["eu-west-1"]
    s3 = home.client()
    source, destination, reports = home.bucket(), abroad.bucket(), home.bucket(versioned=False)
    keys = [f"dir/{number:07}" for number in range(VERSIONS)]
    write_all(home, source, [("PUT", key) for key in keys])
    configure(s3, source, rule(destination))
    control = control_client(home)
    role = batch.job_role(home)
    job = batch.create(
        control, role, report=batch.report_to(reports),
        ManifestGenerator=batch.generator(source, EligibleForReplication=True, ObjectReplicationStatuses=["NONE"]),
    )  # fmt: skip
    chance = random.Random(VERSIONS)
    done = 0
    for number in range(KILLS):
        target = VERSIONS * number // KILLS

        def advanced(target=target):
            nonlocal done
            found = batch.describe(control, job)
            _, succeeded, failed = batch.counts(found)
            assert succeeded + failed >= done, "progress never goes back"
            done = succeeded + failed
            return done > target or found["Status"] in batch.FINAL

        eventually(advanced, lambda target=target: f"the job has done more than {target}; it has done {done}", within=300)
        victim = chance.choice([home, abroad])
        victim.kill()
        victim.start()
    found = batch.completed(control, job, within=900)
    assert batch.counts(found) == (VERSIONS, VERSIONS, 0), found
    rows = batch.rows_of_report(s3, reports, job)
    assert sorted(row[1] for row in rows) == keys
    # What was started while the destination was away arrives all the same.
    eventually(lambda: status_of(s3, source, keys[-1]) == "COMPLETED", "the last version is replicated", within=120)
