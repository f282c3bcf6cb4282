"""The console of a region, as an operator's tools see it."""

import json

import requests


class Console:
    """Questions to the console of a region of `tern dev`."""

    def __init__(self, region):
        state = json.loads((region.federation.directory / "dev.json").read_text())
        port = next(one["consolePort"] for one in state["regions"] if one["name"] == region.name)
        self.token_path = region.data_directory / "console.token"
        self.token = self.token_path.read_text().strip()
        self.address = f"http://127.0.0.1:{port}"

    def get(self, path, *, method="GET", token=True, **parameters):
        """The raw answer."""
        headers = {"Authorization": f"Bearer {self.token if token is True else token}"} if token else {}
        return requests.request(method, self.address + path, params=parameters, headers=headers, timeout=30)

    def ask(self, path, **parameters):
        """The document that answers a question."""
        answer = self.get(f"/api/v1/{path}", **parameters)
        assert answer.status_code == 200, answer.text
        assert answer.headers["Content-Type"] == "application/json"
        return answer.json()

    def failures(self, **parameters):
        """All failures, page by page."""
        found, cursor = [], {}
        while True:
            page = self.ask("failures", **parameters, **cursor)
            found += page["failures"]
            if page["next"] is None:
                return found
            cursor = {"cursor": page["next"]}

    def failure(self, bucket, version):
        """What failed of one version."""
        return [one for one in self.failures(bucket=bucket) if one["versionId"] == version]


def is_problem(answer, status, code):
    """Whether the answer is an error in the form that all errors of the console have."""
    assert answer.headers["Content-Type"] == "application/json", answer.text
    document = answer.json()
    assert set(document) == {"error"} and set(document["error"]) == {"code", "message"}, document
    return (answer.status_code, document["error"]["code"]) == (status, code)
