"""Clients of S3 Control against addresses of numbers."""

import re


def strip_account_from_host(control):
    """S3 Control clients put the account before the host, which an address of numbers cannot have."""

    def restore(request, **_):
        request.url = re.sub(r"//\d{12}\.", "//", request.url)

    control.meta.events.register("before-sign.s3-control", restore)
    return control


def control_client(region, *arguments, **options):
    """A client of S3 Control for a region."""
    return strip_account_from_host(region.service("s3control", *arguments, **options))
