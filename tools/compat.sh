#!/bin/sh
# Tries the wheel in dist/ in two environments that are made anew under .compat/:
#   colab   the versions that Colab ships, without the course's own extras;
#   lowest  the lowest versions that pyproject.toml allows, on the oldest Python.
# Each must keep the TensorFlow and Keras that it had, pass the library's tests against the
# installed wheel, and run lesson 02 in a kernel of its own. `make compat` calls this.
set -eu

cd "$(dirname "$0")/.."
root=$PWD
uv=$root/.venv/bin/uv
wheel=$(ls "$root"/dist/gan_course-*.whl)
export UV_PYTHON_DOWNLOADS=never
export TF_CPP_MIN_LOG_LEVEL=2

# What Colab shipped in August 2026; its IPython and ipykernel belong to ipywidgets 7.
colab_versions="tensorflow==2.20.0 keras==3.13.* ipywidgets==7.7.1 anywidget==0.9.* matplotlib==3.10.0 numpy==2.0.*
    ipython==7.34.0 ipykernel==6.17.1 nbclient nbformat"
# Enough of lesson 02 to pass through every cell.
short="$root/tools/compat_02.yaml"

# interpreter VERSION: a Python of this version from the PATH or pyenv, else the course's own.
interpreter() {
    "$uv" python find "$1" 2>/dev/null && return
    if command -v pyenv >/dev/null; then
        for version in $(pyenv versions --bare | grep "^$1\\.[0-9]*\$"); do
            echo "$(pyenv prefix "$version")/bin/python" && return
        done
    fi
    echo "Python $1 is not installed here, so the course's own stands in" >&2
    echo "$root/.venv/bin/python"
}

# fresh NAME VERSION: an empty environment, with this Python where there is one.
fresh() {
    environment=$root/.compat/$1
    rm -rf "$environment"
    "$uv" venv --quiet --python "$(interpreter "$2")" "$environment"
}

install() {
    "$uv" pip install --quiet --python "$environment" "$@"
}

versions() {
    "$uv" pip list --quiet --python "$environment" --format freeze |
        grep -E '^(tensorflow|tensorflow-cpu|keras|numpy|matplotlib|ipywidgets|ipython)=='
}

# try NAME: the library's tests and lesson 02, away from the checkout so that the wheel is used.
try() {
    away=$environment/away
    mkdir -p "$away"
    cp -r tests "$away"
    # Modules about the checkout itself cannot even be imported elsewhere.
    grep -rl "^pytestmark = pytest.mark.repository" "$away/tests" --include='test_*.py' | xargs rm
    cp pyproject.toml "$away"
    (
        cd "$away"
        "$environment/bin/python" -c \
            'import gan_utils; assert "site-packages" in gan_utils.__file__, gan_utils.__file__'
        "$environment/bin/python" -m pytest -q --disable-warnings -m "not repository"
    )
    "$environment/bin/python" -m ipykernel install --prefix "$environment" --name "$1" >/dev/null
    for lesson in notebooks/02_*.ipynb; do
        JUPYTER_PATH=$environment/share/jupyter .venv/bin/papermill --kernel "$1" --cwd "$away" \
            --no-progress-bar -f "$short" "$lesson" "$away/lesson.ipynb"
    done
    echo "$1: passed with"
    versions
}

fresh colab 3.12
# shellcheck disable=SC2086 # the list is meant to be split into words
install $colab_versions
before=$(versions)
install "$wheel"
[ "$(versions)" = "$before" ] || {
    echo "Error: installing the wheel changed Colab's versions from" $before "to" $(versions). >&2
    exit 1
}
install pytest hypothesis
try colab

fresh lowest 3.11
"$uv" pip compile --quiet --no-header --resolution lowest-direct --python "$environment" \
    --extra cpu --extra lab --output-file "$environment/lowest.txt" pyproject.toml
install -r "$environment/lowest.txt"
before=$(versions)
install --no-deps "$wheel"
install pytest hypothesis
[ "$(versions)" = "$before" ] || {
    echo "Error: the tests' own tools changed the lowest versions from" $before "to" $(versions). >&2
    exit 1
}
try lowest
