"""Clients of boto3, from one session: a session of its own reads the models of its services anew, which takes a fifth of a
second of the processor for each client."""

import threading

import boto3

_session = boto3.session.Session()
# Clients may be used by several threads at once, sessions may not.
_lock = threading.Lock()


def client(service, **options):
    """A client; options are those of `boto3.session.Session.client`."""
    with _lock:
        return _session.client(service, **options)
