"""Certificates made by openssl, and a federation whose regions speak HTTPS."""

import os
import pathlib
import re
import socket
import ssl
import subprocess

import botocore.config
import clients
import requests
import strict
from federation import ALICE, Federation, Region


def openssl(*arguments):
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Authority:
    """A certificate authority in a directory."""

    def __init__(self, directory, name="test authority"):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.certificate = self.directory / "ca.crt"
        self._key = self.directory / "ca.key"
        openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30", "-subj", f"/CN={name}",
            "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign",
            "-keyout", self._key, "-out", self.certificate,
        )  # fmt: skip

    def issue(
        self, certificate, key, name="localhost", serial=1, kind=("ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"), names=()
    ):
        """Writes a certificate for this machine and its key, each at once as a deployment would."""
        request, extensions = self.directory / "request", self.directory / "extensions"
        alternatives = ",".join(f"DNS:{other}" for other in ("localhost", "*.localhost", *names))
        extensions.write_text(f"subjectAltName={alternatives},IP:127.0.0.1\nbasicConstraints=CA:FALSE\n")
        made = [pathlib.Path(f"{certificate}.new"), pathlib.Path(f"{key}.new")]
        openssl("req", "-new", "-newkey", *kind, "-nodes", "-subj", f"/CN={name}", "-keyout", made[1], "-out", request)
        openssl(
            "x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self._key, "-days", "30", "-set_serial", serial,
            "-extfile", extensions, "-out", made[0],
        )  # fmt: skip
        os.replace(made[0], certificate)
        os.replace(made[1], key)


class SecureRegion(Region):
    """A region that is reached by https."""

    @property
    def endpoint(self):
        return f"https://127.0.0.1:{self.port}"

    @property
    def authority(self):
        return str(self.federation.authority.certificate)

    @property
    def certificate(self):
        return self.federation.directory / f"{self.name}.crt"

    @property
    def key(self):
        return self.federation.directory / f"{self.name}.key"

    def secure_client(self, authority=None, **config):
        client = clients.client(
            "s3", endpoint_url=self.endpoint, region_name=self.name, verify=authority or self.authority,
            aws_access_key_id=ALICE.access_key, aws_secret_access_key=ALICE.secret_key,
            config=botocore.config.Config(
                s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=30, **config
            ),
        )  # fmt: skip
        strict.watch(client)
        return client

    def client(self, account=ALICE, *, strictly=True, **config):
        assert account is ALICE and strictly
        return self.secure_client(**config)

    def is_healthy(self):
        try:
            answer = requests.get(self.endpoint + "/_tern/v1/health", timeout=5, verify=self.authority)
        except requests.RequestException:
            return False
        return answer.status_code == 200

    def context(self, **options):
        context = ssl.create_default_context(cafile=self.authority)
        for name, value in options.items():
            setattr(context, name, value)
        return context

    def handshake(self, **options):
        """A connection that is open."""
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        try:
            return self.context(**options).wrap_socket(plain, server_hostname="localhost")
        except BaseException:
            plain.close()
            raise

    def serial(self):
        """The serial number of the certificate that a new connection is shown."""
        with self.handshake() as connection:
            return int(connection.getpeercert()["serialNumber"], 16)


def make_secure(federation: Federation, names=()):
    """Stops a federation that speaks plain HTTP, and starts its regions again behind certificates."""
    federation.stop()
    directory = federation.directory
    federation.authority = Authority(directory / "authority")
    federation.regions = [SecureRegion(federation, region.name, region.port) for region in federation.regions]
    for region in federation.regions:
        federation.authority.issue(region.certificate, region.key, names=names)
    for region in federation.regions:
        text = region.config_path.read_text().replace("http://127.0.0.1:", "https://127.0.0.1:")
        text = re.sub(r"^federation:\n", f'federation:\n  ca_file: "{region.authority}"\n', text, flags=re.MULTILINE)
        text += f'tls:\n  certificate: "{region.certificate}"\n  key: "{region.key}"\n'
        region.config_path.write_text(text)
    federation.started = []
    for region in federation.regions:
        region.start()
    return federation
