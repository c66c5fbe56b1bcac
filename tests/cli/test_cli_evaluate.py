"""`evaluate` says what is wrong with its report's place before it measures for minutes."""

import pytest

from drumbridge.cli import main

pytest.importorskip("mir_eval")


def test_a_report_needs_a_folder(tmp_path, capsys):
    assert main(["evaluate", "--one-shots", str(tmp_path), "--json", str(tmp_path / "none" / "report.json")]) == 1
    assert "[settings.report]" in capsys.readouterr().err


def test_a_report_overwrites_nothing(tmp_path, capsys):
    report = tmp_path / "report.html"
    report.write_text("mine")
    assert main(["evaluate", "--recordings", str(tmp_path), "--html", str(report)]) == 1
    assert "exists already" in capsys.readouterr().err
    assert report.read_text() == "mine"
