# Every target sets up .venv by itself. PYTHON=… chooses the interpreter (3.11 or later).
PYTHON ?= $(firstword $(foreach v,3.11 3.12 3.13 3.14,$(shell command -v python$(v) 2>/dev/null)) python3)
BIN := .venv/bin
export PYTHONUTF8 := 1

.PHONY: help demo crawl test lint format schema bench bench-extract bench-dedup bench-copies train strangers crash-test hostile-test clean
help:
	@echo "make demo            crawl the two seed articles offline and show what was kept"
	@echo "make crawl URL=…     crawl a site (CONTACT=… tells its webmaster where to reach you; ARGS='-a limit=20')"
	@echo "make test            run the tests"
	@echo "make lint            ruff and mypy --strict"
	@echo "make bench           throughput beside bare Scrapy, and microseconds a stage"
	@echo "make bench-extract DATA=…  how well pages are read, beside other extractors, on your labelled pages"
	@echo "make bench-dedup DATA=…  how well copies are told, beside other methods, on your labelled pairs"
	@echo "make bench-copies    what telling copies costs as the archive grows (ARGS='16000 1000000')"
	@echo "make train DATA=…    learn anew which blocks are the story, from your labelled pages"
	@echo "make crash-test      kill crawls at random moments (ROUNDS=20) and check that nothing is lost"
	@echo "make hostile-test    crawl a server that wishes a crawler ill, and see that no harm comes of it"
	@echo "make strangers       check a crawl's archive with other people's tools"
	@echo "make format          apply ruff's format and fixes"
	@echo "make schema          write docs/article.schema.json anew"

.venv/.runtime: pyproject.toml constraints.txt
	@echo "setting up .venv with $(PYTHON) …"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "newscrawl needs Python 3.11 or later; found " + sys.version.split()[0] + ". Say which: make PYTHON=/path/to/python3.11")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

# Extras of pyproject.toml: dev for the tests, peers to compare with, train to learn.
.venv/.dev .venv/.peers .venv/.train: .venv/.%: .venv/.runtime
	@echo "adding what [$*] needs …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[$*]'
	@touch $@

demo: .venv/.runtime
	@rm -rf output/demo
	@$(BIN)/scrapy crawl news -L WARNING -s NEWSCRAWL_REPLAY=seeds/manifest.jsonl -s NEWSCRAWL_OUTPUT_DIR=output/demo

crawl: .venv/.runtime
	@test -n "$(URL)" || { echo 'say where to start: make crawl URL=https://example.org CONTACT=you@example.org'; exit 2; }
	$(BIN)/scrapy crawl news -a "url=$(URL)" -s "NEWSCRAWL_CONTACT=$(CONTACT)" $(ARGS)

test: .venv/.dev
	@$(BIN)/python -m pytest -n 3 --dist loadfile $(ARGS)

lint: .venv/.dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: .venv/.dev
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

schema: .venv/.runtime
	@$(BIN)/scrapy schema > docs/article.schema.json.new && mv docs/article.schema.json.new docs/article.schema.json

bench: .venv/.dev
	@$(BIN)/python -m benchmarks.throughput $(ARGS)

# DATA is a folder of labelled pages; benchmarks/labels.py tells the form.
bench-extract: .venv/.dev
	@test -n "$(DATA)" || { echo 'say where labelled pages are: make bench-extract DATA=/path/to/folder'; exit 2; }
	@$(BIN)/python -m benchmarks.extract --data "$(DATA)" $(ARGS)

# DATA is a folder of labelled pairs of texts; benchmarks/dedup.py tells the form.
bench-dedup: .venv/.peers
	@test -n "$(DATA)" || { echo 'say where labelled pairs are: make bench-dedup DATA=/path/to/folder'; exit 2; }
	@$(BIN)/python -m benchmarks.dedup --data "$(DATA)" $(ARGS)

bench-copies: .venv/.dev
	@$(BIN)/python -m benchmarks.copies $(ARGS)

train: .venv/.train
	@test -n "$(DATA)" || { echo 'say where labelled pages are: make train DATA=/path/to/folder'; exit 2; }
	@$(BIN)/python -m benchmarks.train --data "$(DATA)" $(ARGS)

ROUNDS ?= 20
crash-test: .venv/.dev
	@$(BIN)/python tests/crash_rounds.py $(ROUNDS) $(ARGS)

hostile-test: .venv/.dev
	@PYTHONPATH=tests $(BIN)/python -m hostile.run $(ARGS)

# Other people's archive tools, in environments of their own, on what a crawl has written.
strangers: .venv/.dev
	@$(BIN)/python tests/crawled_site.py output/strangers
	@PYTHON=$(abspath $(BIN)/python) bash tests/strangers.sh output/strangers/warc .venv-strangers

clean:
	rm -rf .venv build *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
