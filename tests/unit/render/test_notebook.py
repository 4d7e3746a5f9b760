"""The example notebook: it is stored without outputs, and every cell of it runs."""

from __future__ import annotations

from pathlib import Path

import nbclient
import nbformat
import pytest

NOTEBOOK = Path(__file__).parents[3] / "middleware" / "examples" / "preview.ipynb"
# Generous: it bounds a hang, not a speed.
PATIENCE_S = 600


def test_the_notebook_is_stored_without_outputs() -> None:
    for cell in nbformat.read(NOTEBOOK, as_version=4).cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


@pytest.mark.filterwarnings("default")  # those of Jupyter's own packages
def test_every_cell_runs_and_shows_players_and_plots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbclient.NotebookClient(
        notebook, timeout=PATIENCE_S, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    ).execute()
    shown = [output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", ())]
    assert sum("<audio" in data.get("text/html", "") for data in shown) == 4
    assert sum("image/png" in data for data in shown) == 3
    (files,) = [output.text for output in notebook.cells[-1].outputs]
    assert files == "['harbour.flac', 'harbour.mid']\n"
