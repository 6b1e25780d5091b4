#!/usr/bin/env bash
# Check WARC files with other people's tools: what they cannot read is not an archive.
#
#   tests/strangers.sh FOLDER [ENVIRONMENTS]
#
# FOLDER holds closed *.warc.gz with their .cdxj beside them (output/warc of a crawl). The tools are installed into
# virtual environments of their own below ENVIRONMENTS (.venv-strangers by default; made once and used again):
#
#   gunzip -t              every byte unpacks
#   warcio check           every digest is right
#   fastwarc check         every digest is right, as another reader sees it
#   cdxj-indexer -s        gives the same index, byte for byte
#   wacz create, validate  the files make a package that holds
#   pywb                   replays every archived page with the same bytes (tests/strangers.py compares)
#
# A table is printed; the exit code is 1 when anything failed, 2 when nothing could be checked.
#
#   PYTHON=…        a Python with newscrawl, for the comparing   (.venv/bin/python)
#   TOOLS_PYTHON=…  the Python of the environments; pywb needs one before 3.12   (python3.11, or python3)
#   QUICK=1         leave out wacz and pywb, which bring a hundred packages
#
# Beyond installing, all traffic is to 127.0.0.1.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=${1:?usage: tests/strangers.sh FOLDER [ENVIRONMENTS]}
environments=${2:-.venv-strangers}
PYTHON=${PYTHON:-.venv/bin/python}
TOOLS_PYTHON=${TOOLS_PYTHON:-$(command -v python3.11 || command -v python3)}
QUICK=${QUICK:-}

shopt -s nullglob
warcs=("$folder"/*.warc.gz)
if [ ${#warcs[@]} -eq 0 ]; then
    echo "$folder holds no *.warc.gz" >&2
    exit 2
fi
for i in "${!warcs[@]}"; do
    warcs[i]=$(realpath "${warcs[i]}")
done
PYTHON=$(command -v "$PYTHON") || { echo "PYTHON=… must name a Python with newscrawl" >&2; exit 2; }
case $PYTHON in /*) ;; *) PYTHON=$PWD/$PYTHON ;; esac

work=$(mktemp -d)
replay=
finish() {
    # Only the one process that was started here.
    if [ -n "$replay" ]; then kill "$replay" 2>/dev/null || true; fi
    rm -rf "$work"
}
trap finish EXIT

# environment NAME PACKAGE… : make a virtual environment unless it is whole already, print its bin folder.
environment() {
    local bin=$environments/$1/bin
    if [ ! -e "$environments/$1/.whole" ]; then
        echo "installing ${*:2} …" >&2
        "$TOOLS_PYTHON" -m venv --clear "$environments/$1" >&2
        "$bin/python" -m pip install --quiet --disable-pip-version-check "${@:2}" >"$work/pip" 2>&1 || {
            tail -n 20 "$work/pip" >&2
            echo "could not install ${*:2}" >&2
            exit 2
        }
        touch "$environments/$1/.whole"
    fi
    (cd "$bin" && pwd)
}

failures=0
# check TOOL FILE COMMAND… : run COMMAND, print one row of the table, and why it failed. With counted=1 the last line
# that COMMAND prints is part of the row.
check() {
    if "${@:3}" >"$work/out" 2>&1; then
        printf '%-22s %-6s %s\n' "$1" ok "$2${counted:+, $(tail -n 1 "$work/out")}"
    else
        printf '%-22s %-6s %s\n' "$1" FAILED "$2"
        tail -n 15 "$work/out" | sed 's/^/    /'
        failures=$((failures + 1))
    fi
}

same_index() {
    local ours=${1%.warc.gz}.cdxj
    "$tools/cdxj-indexer" -s "$1" >"$work/theirs.cdxj"
    diff "$work/theirs.cdxj" "$ours"
}

package() {
    "$wacz/wacz" create -o "$work/all.wacz" --detect-pages "${warcs[@]}"
    "$wacz/wacz" validate -f "$work/all.wacz"
}

tools=$(environment tools 'warcio~=1.8' 'cdxj-indexer~=1.5')
# Apart from warcio, which fails on brotli bodies when it finds the brotli package that fastwarc brings.
fastwarc=$(environment fastwarc 'fastwarc~=2.0')
if [ -z "$QUICK" ]; then
    wacz=$(environment wacz 'wacz~=0.6')
    # pywb asks for pkg_resources, which later setuptools no longer bring.
    pywb=$(environment pywb 'pywb~=2.10' 'setuptools<66')
fi

for warc in "${warcs[@]}"; do
    name=$(basename "$warc")
    check "gunzip -t" "$name" gunzip -t "$warc"
    check "warcio check" "$name" "$tools/warcio" check "$warc"
    check "fastwarc check" "$name" "$fastwarc/fastwarc" check "$warc"
    check "cdxj-indexer -s" "$name" same_index "$warc"
done

if [ -z "$QUICK" ]; then
    check "wacz create, validate" "${#warcs[@]} files" package
    port=$("$PYTHON" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    (cd "$work" && "$pywb/wb-manager" init kept && "$pywb/wb-manager" add kept "${warcs[@]}") >"$work/pywb" 2>&1 ||
        { tail -n 15 "$work/pywb"; exit 1; }
    cd "$work"
    "$pywb/wayback" -b 127.0.0.1 -p "$port" >>"$work/pywb" 2>&1 &
    replay=$!
    counted=1 check "pywb" "${#warcs[@]} files" "$PYTHON" "$here/strangers.py" "http://127.0.0.1:$port/kept" "${warcs[@]}"
fi

if [ "$failures" -gt 0 ]; then
    echo "$failures checks failed"
    exit 1
fi
echo "all checks passed"
