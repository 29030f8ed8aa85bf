# The course's commands. `make run` and `make test` are all that a newcomer needs.

.POSIX:
.DELETE_ON_ERROR:
.PHONY: run test lint unit nbval bench sweep stress choices slides lab notebooks lock data evaluators compat wheel clean

BIN = .venv/bin
# Files of tests are shared out among the cores; each stays with one, in its order.
CORES = -n logical --maxprocesses 4 --dist loadfile
READY = .venv/.installed

run: $(READY) ## execute every lesson into a new folder runs/<date-time> with one overview page
	$(BIN)/gan-course run all

test: lint unit nbval ## everything that must hold before a change is taken

lint: $(READY) ## style and formatting of modules and notebooks
	$(BIN)/ruff check
	$(BIN)/ruff format --check

unit: $(READY) ## unit and property tests
	$(BIN)/python -m pytest $(CORES)

nbval: $(READY) ## run every notebook again and compare what it prints with what is stored
	$(BIN)/python -m pytest $(CORES) --nbval-lax --nbval-current-env \
		--nbval-kernel-startup-timeout 600 \
		notebooks/[0-9][0-9]_*.ipynb notebooks/studies/*.ipynb

bench: $(READY) ## time everything, two hours and a half; BENCH="step frechet" takes a part
	$(BIN)/python benchmarks/bench.py $(BENCH)

sweep: $(READY) ## the Chile study in its quick setting, and its report in a browser
	$(BIN)/gan-course sweep notebooks/sweeps/chile_quick.yaml --jobs 2
	$(BIN)/gan-course report runs/chile_quick --open

stress: $(READY) ## kill what works on sweeps two hundred times and account for every result
	$(BIN)/python tests/support/stress_sweeps.py

choices: $(READY) ## run each lesson once for each choice of its parameters, in small; 90 minutes
	$(BIN)/python tools/choices.py --out runs/choices-$$(date +%Y%m%d-%H%M%S)

slides: $(READY) ## build the decks into build/slides; needs npm, and chromium for the PDFs
	$(BIN)/python tools/slides.py

# In a container one is often root, which Jupyter refuses unless it is told so.
lab: $(READY) ## open the lessons in JupyterLab
	$(BIN)/jupyter lab $$(test "$$(id -u)" -ne 0 || echo --allow-root) notebooks

notebooks: $(READY) ## execute every notebook in place and store its outputs
	$(BIN)/python tools/notebooks.py execute

# Needs uv only, not what requirements.lock installs: the lock may be out of date, or deleted.
lock: $(BIN)/uv ## bring requirements.lock up to pyproject.toml, keeping the versions that still fit
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url \
		--python-version 3.11 --extra cpu --extra lab --extra sweep --extra dev \
		--custom-compile-command "make lock" --output-file requirements.lock pyproject.toml

data: $(READY) ## build the bundled data sets again from their sources
	$(BIN)/python data/build.py

evaluators: $(READY) ## train the bundled classifiers again
	$(BIN)/python data/train_evaluators.py

compat: wheel ## try the wheel on Colab's versions and on the lowest that pyproject.toml allows
	sh tools/compat.sh

wheel: $(READY) ## build the wheel into dist/
	$(BIN)/python -m hatchling build -t wheel

clean: ## remove the environments, builds and caches; the runs stay
	rm -rf .venv .compat .hypothesis .pytest_cache .ruff_cache build dist

$(BIN)/uv:
	@test -f requirements.lock || { echo 'Error: requirements.lock is missing, and nothing is installed' \
		'that could make it: run git checkout requirements.lock, then make lock again.' >&2; exit 1; }
	sh tools/bootstrap.sh

$(READY): requirements.lock pyproject.toml tools/bootstrap.sh
	sh tools/bootstrap.sh
