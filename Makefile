# The whole workflow. `make run` needs only Python 3.11+ and a package index; `make test` needs nothing more.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes
ONLINE := bellwether bot web scheduler.py serving.py
EVERYTHING := $(ONLINE) training benchmarks clients tests

.PHONY: run test lint package licences translations client chaos chaos-hosts decade bench bench-large train evaluate eras need-prices lock clean

run: .venv/.online            ## start the service; without a Telegram token it is the demo
	@exec $(BIN)/python -m bellwether serve

# a file's tests stay together: some share a small model that takes half a minute to train. They start hundreds of
# processes, each of which would compile all modules anew where the variable says to keep none of them
test: .venv/.everything       ## the whole test suite, in three processes
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest --numprocesses auto --maxprocesses 3 --dist loadfile --no-loadscope-reorder

lint: .venv/.everything       ## formatter, linter and types
	$(BIN)/ruff format --check $(EVERYTHING)
	$(BIN)/ruff check $(EVERYTHING)
	$(BIN)/mypy

STRICT ?=
package: .venv/.everything    ## build wheel and source archive into dist/, and let each tool look at what is shipped; STRICT=1 wants all tools
	$(BIN)/python -m tests.package $(if $(STRICT),--strict)

RUNS ?= 500
chaos: .venv/.everything      ## delivery through kills and faults, RUNS times; 500 take 15 to 30 minutes
	$(BIN)/python -m tests.chaos --runs $(RUNS)

chaos-hosts: .venv/.everything  ## the same on PostgreSQL with two hosts, 200 times; 20 to 30 minutes
	$(BIN)/python -m tests.chaos --postgres --workers 2 --runs 200

decade: .venv/.everything     ## ten years of digests for 2,000 chats in all time zones; 10 to 25 minutes
	$(BIN)/python -m tests.simulated_decade

CASES ?= 20000
fuzz-api: .venv/.everything   ## calls made up from the API's description, CASES of them; 5 to 15 minutes
	$(BIN)/python -m tests.fuzz_api --cases $(CASES)

bench: .venv/.everything      ## every performance claim, measured here
	$(BIN)/python -m benchmarks

bench-large: .venv/.everything  ## those that take minutes: a million forecasts, models to be silenced, 100,000 chats, Telegram's pace
	$(BIN)/python -m benchmarks --large

MODEL ?= daily-range-3
# one or more files in long form; by default the tables of the shipped model, where they lie beside the project
PRICES ?= $(wildcard ../shared/data/prices_daily.parquet ../shared/data/prices_2022_2024.parquet)
# days on which companies report, and prices of companies that are gone; without either it is not told of
EARNINGS ?= $(wildcard ../shared/data/earnings_dates.parquet)
DEAD ?= $(wildcard ../shared/data/dead_prices.parquet)
# an earlier model that has not seen the span either, one more rival
BEFORE ?= $(wildcard exported_models/daily-range-2)
FROM_FILES = $(foreach file,$(PRICES),--prices $(file)) $(if $(EARNINGS),--earnings $(EARNINGS))
need-prices:
	@test -n "$(PRICES)" || { echo "Say which prices to use: make train PRICES=prices.parquet"; exit 1; }

GROWTH_MODEL ?= revenue-2
# companies' reports; without any the model of growth is left as it is
FUNDAMENTALS ?= $(wildcard ../shared/data/fundamentals_quarterly.parquet)

train: need-prices .venv/.everything     ## train a model, test it, and fit its recipe once more on all years; growth too, with FUNDAMENTALS=
	$(BIN)/python -m training all $(FROM_FILES) --model-id $(MODEL)
	$(BIN)/python -m training refit --judged exported_models/$(MODEL)
ifneq ($(FUNDAMENTALS),)
	$(BIN)/python -m training growth all --fundamentals $(FUNDAMENTALS) --model-id $(GROWTH_MODEL)
	$(BIN)/python -m training growth refit --model exported_models/$(GROWTH_MODEL)
endif

# the shipped model's test has been opened and told of; choose your own on SPAN=validation
SPAN ?= test
evaluate: need-prices .venv/.everything  ## score the exported model beside every rival and write docs/evaluation.md
	$(BIN)/python -m training evaluate $(FROM_FILES) $(if $(BEFORE),--before $(BEFORE)) $(if $(DEAD),--dead $(DEAD)) \
	  --model exported_models/$(MODEL) --span $(SPAN) --full --docs docs
ifneq ($(FUNDAMENTALS),)
	$(BIN)/python -m training growth prepare --fundamentals $(FUNDAMENTALS)
	$(BIN)/python -m training growth evaluate --model exported_models/$(GROWTH_MODEL) --span $(SPAN) --full --docs docs
endif

eras: need-prices .venv/.everything      ## fit the model's recipe without each era since 1990, one to two minutes each, and put it on docs/evaluation.md
	$(BIN)/python -m training prepare $(FROM_FILES)
	$(BIN)/python -m training eras --judged exported_models/$(MODEL) $(if $(DEAD),--dead $(DEAD))
	$(BIN)/python -m training report --model exported_models/$(MODEL)

licences: .venv/.everything     ## write docs/licences.md anew, from what is installed
	$(BIN)/python -m tests.package.licences

CATALOGUES := bellwether/locale
translations: .venv/.everything  ## bring the chat's messages into the catalogues; what is new there then waits to be translated
	@mkdir -p build
	$(BIN)/pybabel -q extract -k said -k said_many:1,2 --add-location file --project Bellwether -w 120 -o build/bellwether.pot bellwether bot
	$(BIN)/pybabel -q update -D bellwether -i build/bellwether.pot -d $(CATALOGUES) -N --ignore-obsolete --ignore-pot-creation-date -w 120

client: .venv/.everything     ## write the synchronous client anew, from the asynchronous one
	$(BIN)/python -m tests.support.synchronous_client

LOCK := $(BIN)/uv pip compile --universal --python-version 3.11 --quiet --no-header --no-emit-index-url --generate-hashes
lock: .venv/.everything       ## fix the versions of everything again, with the hashes of their files
	$(LOCK) --upgrade requirements.txt requirements-dev.txt training/requirements.txt -o requirements.lock
	$(LOCK) -c requirements.lock requirements.txt -o requirements-service.lock
	$(BIN)/python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['build-system']['requires'], sep='\n')" \
	  | $(LOCK) - -o requirements-build.lock

clean:                        ## remove what was built, never your data in var/
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache

.venv/.made:
	$(PYTHON) -c 'import sys; sys.exit("Bellwether needs Python 3.11 or newer, found %d.%d: make PYTHON=python3.12 run" % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv --clear .venv
	@touch $@

.venv/.online: .venv/.made requirements-service.lock
	@echo "Installing what the service needs into .venv; this happens once and takes a minute or two."
	$(PIP) -r requirements-service.lock
	@touch $@

.venv/.everything: .venv/.online requirements.lock
	@echo "Installing what tests and training need (with TensorFlow, about 4 GB); this happens once."
	$(PIP) -r requirements.lock
	@touch $@
