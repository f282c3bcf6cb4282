"""docs/rules.md: the table is what the tests say, and every rule has a test or a reason."""

import subprocess
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "rule-table"


@pytest.fixture(scope="module")
def table():
    loader = SourceFileLoader("rule_table", str(SCRIPT))
    module = module_from_spec(spec_from_loader(loader.name, loader))
    sys.modules[loader.name] = module
    loader.exec_module(module)
    return module


def test_the_table_is_current_and_whole():
    checked = subprocess.run([sys.executable, str(SCRIPT), "--check"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("test_l_30_l_36_delete_markers", {"L-30", "L-36"}),
        ("test_A_13_the_right", {"A-13"}),
        ("test_kill_9_of_both", set()),
        ("test_e_17_to_19_texts", {"E-17", "E-18", "E-19"}),
        ("test_br_api_1_br_lj_2_to_3_jobs", {"BR-API-1", "BR-LJ-2", "BR-LJ-3"}),
    ],
)
def test_names_of_functions(table, name, expected):
    assert table.python_identifiers(name) == expected


def test_names_in_swift_and_labels_of_rows(table):
    text = '@Test("T-05: then P-11 to P-13")\n@Suite("Two")\nRow(rule: "C-50: a")\nlet x = "see C-51"\n@Test("BR-CJ-1 to BR-CJ-2")'
    found = set().union(*(table.identifiers(name) for name in table.swift_names(text)))
    assert found == {"T-05", "P-11", "P-12", "P-13", "C-50", "BR-CJ-1", "BR-CJ-2"}


def test_a_rule_needs_a_test_or_a_reason(table):
    document = table.Document("x", {"A-01": "a", "A-02": "b", "A-03": "c", "A-04": "d"}, {"A-02": "why", "A-03": "as A-04", "Z-01": "?"})
    wrong = table.problems(document, {"A-09": ["t"]})
    assert [problem.split()[0] for problem in wrong] == ["A-01", "A-03", "A-04", "Z-01"]
