# Every target makes the virtual environment it needs; only the first run is slow.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed
# Tests start hundreds of processes, each of which would compile all modules again.
export PYTHONDONTWRITEBYTECODE :=
# One more than two cores: tests also wait, for processes and compilers.
WORKERS ?= 3

.PHONY: demo test checks test-fast quick measure-tests lint types imports unit test-rules test-stalls test-training test-quality test-page test-faults test-scale test-clients test-godot test-unity test-web test-studio test-wheels bundle test-bundle godot-zip parity ci clean

demo: $(INSTALLED)
	mkdir -p out
	$(BIN)/segue check rules/library
	$(BIN)/segue test rules/library
	$(BIN)/segue preview rules/library/emberwood/emberwood.yaml --events rules/library/emberwood/emberwood.events.yaml -o out/emberwood.wav

# The checks use one core, so the tests begin beside them.
test: $(INSTALLED)
	$(MAKE) --jobs=2 --no-print-directory checks unit

checks: lint types imports

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# The SDK runs on Python 3.10 too; typeshed knows what that version lacks.
types: $(INSTALLED)
	$(BIN)/mypy
	$(BIN)/mypy --python-version 3.10 -p segue_sdk

imports: $(INSTALLED)
	$(BIN)/lint-imports

unit: $(INSTALLED)
	$(BIN)/pytest -q -n $(WORKERS) --dist worksteal

# In under a minute on two cores: the style of the code, the import contracts, and all tests but those that were measured
# to be slow.
test-fast: $(INSTALLED)
	$(MAKE) --jobs=3 --no-print-directory lint imports quick

quick: $(INSTALLED)
	$(BIN)/pytest -q -n $(WORKERS) --dist worksteal --fast

# Measures which tests are slow, and writes tests/slow_tests.txt; takes as long as all of them.
measure-tests: $(INSTALLED)
	$(BIN)/pytest -q -n 2 --dist worksteal --measure

# The director against its reference on a thousand random rule files and sessions, the same ones every time.
test-rules: $(INSTALLED)
	$(BIN)/pytest -q -n 2 --dist worksteal -m heavy tests/unit/rules

# Sessions that stall at any moment, and sessions with random edits, restores and failures, hundreds of both; clients
# whose service is killed after any message; stingers in the music.
test-stalls: $(INSTALLED)
	$(BIN)/pytest -q -n 2 --dist worksteal -m heavy tests/unit/runtime tests/unit/sdk tests/unit/service

# Whether the language model learns, and more sizes and shapes of it.
test-training: $(INSTALLED)
	$(BIN)/pytest -q -m heavy tests/unit/model

# Musical judges: classifier, harmony, repetition, intensity; the composer in every style; several minutes. Installs a large font where there is none.
test-quality: $(INSTALLED)
	tests/quality/run

# The report in a real browser; installs Debian's chromium where there is none.
test-page: $(INSTALLED)
	tests/page/run

# The service killed, stalled, cut off, flooded, attacked: real processes, sockets and time; some ten minutes.
test-faults: $(INSTALLED)
	$(BIN)/pytest -q -m heavy tests/service --ignore tests/service/test_scale.py

# Games whose workers are killed or hang; then floods, malformed bytes and limits through the edge: minutes, real time.
test-scale: $(INSTALLED)
	$(BIN)/pytest -q -m heavy tests/service/test_scale.py
	SEGUE_WORKERS=2 $(BIN)/pytest -q -m heavy tests/service/test_floods.py tests/service/test_faults.py \
	  -k "flood or malformed or slow_connection or is_stopped or limit_of_sessions or suspended_game"

# The engine clients' codecs on .NET, Mono and Godot; the first run installs these into .cache/clients.
test-clients: $(INSTALLED)
	tests/clients/run

# The Godot client, core and nodes, in a real Godot, beside the SDK and against a real service; installs Godot as test-clients does.
test-godot: $(INSTALLED)
	tests/godot/run

# The Unity client on .NET 8 and Mono, beside the SDK and against a real service; installs as test-clients does.
test-unity: $(INSTALLED)
	tests/unity/run

# The browser client: its types, its core beside the SDK, and all of it in Chromium against a real service; installs Debian's chromium where there is none.
test-web: $(INSTALLED)
	tests/web/run

# The studio: its page's types, that the built page is what its sources give, and all of it in Chromium.
test-studio: $(INSTALLED)
	tests/studio/run

# The wheels in fresh environments outside the checkout; PYTHONS names the Pythons to try.
test-wheels:
	tests/wheels/run

# The service as a folder that a game can be shipped with, for the system that this runs on: build/bundle.
bundle:
	$(PYTHON) middleware/bundle/build.py

# The same, and a trial of it.
test-bundle: $(INSTALLED)
	tests/bundle/run

# The Godot addon as a zip for releases and the Asset Library: build/segue-godot-VERSION.zip.
godot-zip:
	$(PYTHON) godot_client/release.py

# The language model, the codec, whole music and MusicCoCa against Google's own code, in an environment of its own.
parity: $(INSTALLED)
	tests/parity/run

ci: test test-rules test-stalls test-training test-quality test-page test-faults test-scale test-clients test-godot test-unity test-web test-studio test-wheels test-bundle parity

$(INSTALLED): pyproject.toml engine_sdk/pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV): 1.1 GB, some minutes"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ./engine_sdk --editable '.[dev]'
	touch $@

clean:
	rm -rf $(VENV) .venv-* build out .cache .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
