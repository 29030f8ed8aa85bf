#!/bin/sh
# Makes .venv with exactly the versions of requirements.lock and this checkout in editable form.
# Runs again safely: a sound .venv is kept and brought up to date, an unsound one is made anew.
set -eu

needed_gib=4 # the environment takes about 2 GiB, its downloads and the runs the rest

fail() {
    echo "Error: $1" >&2
    exit 1
}

# Exit status of this probe: 0 suitable, 3 too old or too new, 4 without the venv module; a
# launcher that starts no Python at all gives another one.
probe='
import sys
if not (3, 11) <= sys.version_info[:2] < (3, 14):
    print(".".join(map(str, sys.version_info[:2])))
    sys.exit(3)
try:
    import ensurepip, venv
except ImportError:
    sys.exit(4)
'

# Sets $python to the first suitable interpreter on the PATH, or says why there is none.
find_python() {
    unsuitable="" bare=""
    for python in python3 python3.13 python3.12 python3.11 python; do
        status=0
        version=$("$python" -c "$probe" 2>/dev/null) || status=$?
        case $status in
        0) return ;;
        3) unsuitable="${unsuitable:-$python is $version}" ;;
        4) bare="${bare:-$python}" ;;
        esac
    done
    [ -z "$bare" ] || fail "$bare has no venv module; install it (on Debian and Ubuntu the package python3-venv) and run this again."
    fail "Python 3.11, 3.12 or 3.13 is needed and ${unsuitable:-no Python was found}; install one and run this again."
}

cd "$(dirname "$0")/.."
bin=.venv/bin

if ! "$bin/python" -c "$probe" >/dev/null 2>&1 || ! "$bin/python" -m pip --version >/dev/null 2>&1; then
    find_python
    free_kib=$(df -Pk . | awk 'NR == 2 { print $4 }')
    [ "$free_kib" -ge $((needed_gib * 1024 * 1024)) ] ||
        fail "the installation needs $needed_gib GiB of free disk space and only $((free_kib / 1024)) MiB are free here; free some and run this again."
    echo "Creating .venv with $("$python" --version)"
    "$python" -m venv --clear .venv
fi

# pip installs uv alone, at the version and with the hashes of the lock; uv installs the rest.
uv_requirement=.venv/uv-requirement.txt
awk '/^[^ #]/ { wanted = /^uv==/ } wanted' requirements.lock >"$uv_requirement"
"$bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r "$uv_requirement"

# Compiled now, TensorFlow loads in four seconds instead of ten, also where Python may not write
# what it has compiled (PYTHONDONTWRITEBYTECODE, as in many containers).
"$bin/uv" pip install --python "$bin/python" --compile-bytecode --require-hashes -r requirements.lock
"$bin/uv" pip install --python "$bin/python" --no-deps --no-build-isolation --editable .
touch .venv/.installed
