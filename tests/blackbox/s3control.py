"""Clients of S3 Control, and Multi-Region Access Points made with them."""

import json
import re
import uuid

from federation import ALICE
from waiting import eventually


def strip_account_from_host(control):
    """S3 Control clients put the account before the host, which an address of numbers cannot have."""

    def restore(request, **_):
        request.url = re.sub(r"//\d{12}\.", "//", request.url)

    control.meta.events.register("before-sign.s3-control", restore)


def client(region, account=ALICE, **options):
    """A client of a region; `account` has keys, or is a pair of them."""
    control = region.service("s3control", account, **options)
    strip_account_from_host(control)
    return control


def fresh_access_point_name():
    return f"mrap-{uuid.uuid4().hex[:12]}"


def ended(control, token, account=ALICE):
    """The asynchronous operation of a token, once it is done."""

    def look():
        found = control.describe_multi_region_access_point_operation(AccountId=account.id, RequestTokenARN=token)
        return found["AsyncOperation"] if found["AsyncOperation"]["RequestStatus"] in ("SUCCEEDED", "FAILED") else None

    return eventually(look, f"{token} is done", swallow=(control.exceptions.ClientError,))


def succeeded(control, token, account=ALICE):
    operation = ended(control, token, account)
    assert operation["RequestStatus"] == "SUCCEEDED", operation
    return operation


def failed(control, token, account=ALICE):
    """The error details of an operation that fails."""
    operation = ended(control, token, account)
    assert operation["RequestStatus"] == "FAILED", operation
    return operation["ResponseDetails"]["ErrorDetails"]


def create(control, *buckets, name=None, account=ALICE, **details):
    """The token of a request to make an access point of these buckets; each is a name, or a name and its account."""
    regions = [
        {"Bucket": each} if isinstance(each, str) else {"Bucket": each[0], "BucketAccountId": each[1]} for each in buckets
    ]
    token = details.pop("ClientToken", None) or uuid.uuid4().hex
    return control.create_multi_region_access_point(
        AccountId=account.id,
        ClientToken=token,
        Details={"Name": name or fresh_access_point_name(), "Regions": regions, **details},
    )["RequestTokenARN"]


def make(control, *buckets, name=None, account=ALICE, **details):
    """An access point that is ready."""
    name = name or fresh_access_point_name()
    succeeded(control, create(control, *buckets, name=name, account=account, **details), account)
    return control.get_multi_region_access_point(AccountId=account.id, Name=name)["AccessPoint"]


def arn(point, account=ALICE):
    return f"arn:aws:s3::{account.id}:accesspoint/{point['Alias']}"


def put_policy(control, name, policy, account=ALICE):
    text = policy if isinstance(policy, str) else json.dumps(policy)
    return control.put_multi_region_access_point_policy(
        AccountId=account.id, ClientToken=uuid.uuid4().hex, Details={"Name": name, "Policy": text}
    )["RequestTokenARN"]


def delete(control, name, account=ALICE, **more):
    return control.delete_multi_region_access_point(
        AccountId=account.id, ClientToken=more.get("ClientToken", uuid.uuid4().hex), Details={"Name": name}
    )["RequestTokenARN"]


def dials(control, point, account=ALICE):
    """How the routes stand, by region."""
    found = control.get_multi_region_access_point_routes(AccountId=account.id, Mrap=arn(point, account))
    return {route["Region"]: route["TrafficDialPercentage"] for route in found["Routes"]}


def submit(control, point, *routes, account=ALICE):
    return control.submit_multi_region_access_point_routes(
        AccountId=account.id, Mrap=arn(point, account), RouteUpdates=list(routes)
    )
