"""The extras are those of the distribution."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from segue.extras import EXTRAS, missing_text


def test_the_table_is_that_of_the_distribution() -> None:
    text = (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    extras = tomllib.loads(text)["project"]["optional-dependencies"]
    packages = {extra: tuple(re.split("[><=]", each)[0] for each in needs) for extra, needs in extras.items()}
    del packages["dev"]
    assert packages == EXTRAS


def test_what_is_missing_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    advice = "install the extra segue[report]: run pip install '.[report]' in the checkout"
    monkeypatch.setattr("segue.extras.find_spec", lambda name: None if name == "bokeh" else name)
    assert missing_text("report") == f"the package bokeh is missing; {advice}"
    monkeypatch.setattr("segue.extras.find_spec", lambda name: None)
    assert missing_text("report") == f"the packages bokeh and jinja2 are missing; {advice}"
    monkeypatch.setattr("segue.extras.find_spec", lambda name: name)
    assert missing_text("report") == ""
