"""Multi-Region Access Points: made by S3 Control, used by boto3 under AWS's name for them and in path style."""

import contextlib
import socket
import urllib.parse

import botocore.config
import botocore.exceptions
import clients
import s3control
from federation import ALICE, fresh_name
from waiting import eventually

DOMAIN = "accesspoint.s3-global.amazonaws.com"


class AccessPoint:
    """One access point and the buckets behind it, by region."""

    def __init__(self, federation, buckets, *, account=ALICE, name=None, **details):
        self.federation = federation
        self.account = account
        self.buckets = {region.name: bucket for region, bucket in buckets.items()}
        self.name = name or fresh_name("mrap")
        self.control = s3control.client(federation["us-east-1"], account)
        regions = [{"Bucket": bucket} for bucket in self.buckets.values()]
        self._finish(
            self.control.create_multi_region_access_point(
                AccountId=account.id, Details={"Name": self.name, "Regions": regions, **details}
            )
        )
        got = self.control.get_multi_region_access_point(AccountId=account.id, Name=self.name)["AccessPoint"]
        self.alias = got["Alias"]
        self.arn = f"arn:aws:s3::{account.id}:accesspoint/{self.alias}"
        for region in federation.regions:
            self.wait_until_known(region)

    def _finish(self, answer):
        """Waits for the end of an asynchronous operation."""

        def operation():
            found = self.control.describe_multi_region_access_point_operation(
                AccountId=self.account.id, RequestTokenARN=answer["RequestTokenARN"]
            )["AsyncOperation"]
            return found if found["RequestStatus"] in ("SUCCEEDED", "FAILED") else None

        done = eventually(operation, "the operation ends")
        assert done["RequestStatus"] == "SUCCEEDED", done

    def wait_until_known(self, region):
        """Until a region answers for the access point: it follows the log of the home region."""
        client = self.path_style(region)

        def known():
            try:
                return client.list_objects_v2(Bucket=self.alias, MaxKeys=1)
            except botocore.exceptions.ClientError as error:
                if error.response["Error"]["Code"] == "NoSuchBucket":
                    return None
                raise

        eventually(known, f"{region.name} knows {self.alias}")

    # What is set

    def set_policy(self, document):
        self._finish(
            self.control.put_multi_region_access_point_policy(
                AccountId=self.account.id, Details={"Name": self.name, "Policy": document}
            )
        )

    def set_active(self, *names):
        """The regions of these names become active, the others passive."""
        routes = [
            {"Region": region, "Bucket": bucket, "TrafficDialPercentage": 100 if region in names else 0}
            for region, bucket in self.buckets.items()
        ]
        self.control.submit_multi_region_access_point_routes(
            AccountId=self.account.id, Mrap=self.arn, RouteUpdates=routes
        )

    def fail_over(self, *names):
        """The same, and every region that runs has learned of it."""
        self.set_active(*names)
        for region in self.federation.regions:
            if region.is_running():
                eventually(
                    lambda region=region: set(self.active_as_seen(region)) == set(names),
                    f"{region.name} knows that {names} are active",
                )

    def active_as_seen(self, region):
        control = s3control.client(region, self.account)
        routes = control.get_multi_region_access_point_routes(AccountId=self.account.id, Mrap=self.arn)["Routes"]
        return [route["Region"] for route in routes if route["TrafficDialPercentage"] == 100]

    # Clients

    def path_style(self, region, account=None):
        """boto3 with an endpoint of a region; the alias is the bucket (MRP-11)."""
        return region.service("s3", account or self.account)

    def by_arn(self, region, account=None, *, secure=False, **config):
        """boto3 that is given the ARN as bucket, signs with version 4A, and is connected with a region (MRP-10)."""
        account = account or self.account
        keys = account if isinstance(account, tuple) else (account.access_key, account.secret_key)
        client = clients.client(
            "s3",
            region_name="us-east-1",
            aws_access_key_id=keys[0],
            aws_secret_access_key=keys[1],
            config=botocore.config.Config(retries={"total_max_attempts": 1}, read_timeout=60, **config),
        )
        if not secure:
            client.meta.events.register("before-send.s3", lambda request, **_: redirect(request, region))
        return client


def redirect(request, region):
    """Sends a request to a region in place of the host for which it is signed."""
    url = urllib.parse.urlsplit(request.url)
    assert url.netloc.endswith(DOMAIN), url
    request.headers["Host"] = url.netloc
    target = urllib.parse.urlsplit(region.endpoint)
    request.url = url._replace(scheme=target.scheme, netloc=target.netloc).geturl()


@contextlib.contextmanager
def resolving(monkeypatch, region):
    """Inside, the names of access points lead to a region, as a private DNS zone makes them."""
    original = socket.getaddrinfo

    def getaddrinfo(host, port, *arguments, **options):
        if isinstance(host, str) and host.endswith(DOMAIN):
            return original("127.0.0.1", region.port, *arguments, **options)
        return original(host, port, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", getaddrinfo)
        yield
