#!/usr/bin/env bash
# Builds Horovod for the Python and the TensorFlow of a virtual environment, and installs it there.
#
#   containers/horovod/build.sh [VENV]           # VENV is .venv; MPI=1 builds for mpirun as well
#   containers/horovod/build.sh --wheel [VENV]   # prints where its wheel is or would be kept
#
# The wheel is kept in ${XDG_CACHE_HOME:-~/.cache}/camnet/wheels: three minutes the first time,
# seconds afterwards. A compiler is needed, with MPI=1 an MPI too (Debian: libopenmpi-dev).
# HOROVOD_GPU_OPERATIONS=NCCL, and Horovod's other variables, are passed on. An environment without
# pip is served by that of PYTHON.
set -euo pipefail

VERSION=0.28.1
SHA256=92a43f5a94c43907a56805bad15f19700c62ffc83b7ca483f9e104e229f67ef0
here=$(cd "$(dirname "$0")/../.." && pwd)
only_tell=
[ "${1:-}" != --wheel ] || { only_tell=1; shift; }
venv=$(cd "${1:-$here/.venv}" && pwd)
python=$venv/bin/python

say() { printf 'horovod: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

pip=("$python" -m pip)
"${pip[@]}" --version >/dev/null 2>&1 || pip=("${PYTHON:-python3}" -m pip --python "$python")

tensorflow=$(TF_CPP_MIN_LOG_LEVEL=3 "$python" -c \
  'import tensorflow as tf; print(tf.__version__, tf.sysconfig.get_include())') ||
  fail "$venv: expected TensorFlow, found none. Run: make install"
include=${tensorflow#* }
variant=tf${tensorflow%% *}.gloo
if [ "${MPI:-0}" = 1 ]; then
  command -v mpirun >/dev/null || fail 'expected mpirun, found none. On Debian: apt-get install libopenmpi-dev openmpi-bin'
  variant=$variant.mpi
  export HOROVOD_WITH_MPI=1
else
  export HOROVOD_WITHOUT_MPI=1
fi
[ -z "${HOROVOD_GPU_OPERATIONS:-}" ] || variant=$variant.${HOROVOD_GPU_OPERATIONS,,}

wheels=${XDG_CACHE_HOME:-$HOME/.cache}/camnet/wheels
tag=$("$python" -c 'import sys; print("cp%d%d" % sys.version_info[:2])')
wheel=$wheels/horovod-$VERSION+$variant-$tag-$tag-linux_$(uname -m).whl
[ -z "$only_tell" ] || { echo "$wheel"; exit; }

build() {
  command -v g++ >/dev/null || fail 'expected the compiler g++, found none. On Debian: apt-get install g++ make'
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  # Tools of its own, so that the environment keeps its versions; the .pth file shows it TensorFlow.
  "$python" -m venv "$work/tools"
  "$python" -c 'import sysconfig
print("import site; site.addsitedir(%r)" % sysconfig.get_path("purelib"))' \
    > "$(echo "$work"/tools/lib/python*/site-packages)/environment.pth"
  tools=$work/tools/bin
  "$tools/python" -m pip install --quiet --force-reinstall --no-deps -c "$here/constraints.txt" \
    'cmake==3.31.6' 'setuptools<81' wheel packaging cffi pycparser cloudpickle psutil pyyaml
  (cd "$work" && "$tools/python" -m pip download --quiet --no-deps --no-binary :all: \
    --no-build-isolation "horovod==$VERSION")
  archive=$work/horovod-$VERSION.tar.gz
  echo "$SHA256  $archive" | sha256sum --check --quiet || fail "$archive: expected other contents"
  tar -xzf "$archive" -C "$work"

  # XLA moved the headers this one source needs; without it only an allreduce inside a function
  # compiled by XLA is lost.
  sources=$work/horovod-$VERSION/horovod/tensorflow/CMakeLists.txt
  [ "$(grep -c xla_mpi_ops.cc "$sources")" = 1 ] || fail "$sources: expected one line with xla_mpi_ops.cc"
  sed -i /xla_mpi_ops.cc/d "$sources"

  export HOROVOD_LOCAL_VERSION=$variant HOROVOD_WITH_TENSORFLOW=1 HOROVOD_WITH_GLOO=1
  export HOROVOD_WITHOUT_PYTORCH=1 HOROVOD_WITHOUT_MXNET=1
  export CPLUS_INCLUDE_PATH=$include/external/highwayhash:$include/external/farmhash_archive/src
  MAKEFLAGS=-j$(nproc)
  export PATH=$tools:$PATH MAKEFLAGS TF_CPP_MIN_LOG_LEVEL=3
  (cd "$work/horovod-$VERSION" && "$tools/python" -m pip wheel --no-build-isolation --no-deps \
    -w "$work/made" . > "$work/log" 2>&1) ||
    { grep -iE -A 5 'error' "$work/log" | head -n 60 >&2; fail 'expected it to compile, found the errors above'; }
  mkdir -p "$wheels"
  mv "$work"/made/horovod-*.whl "$wheel.$$" && mv "$wheel.$$" "$wheel"
}

if [ ! -f "$wheel" ]; then
  say "building $(basename "$wheel"), about three minutes"
  begun=$SECONDS
  build
  say "built in $((SECONDS - begun)) s: $wheel"
fi
installed=$("${pip[@]}" list --format=freeze 2>/dev/null | sed -n 's/^horovod==//p')
[ "$installed" = "$VERSION+$variant" ] ||
  "${pip[@]}" install --quiet --force-reinstall --no-deps "$wheel"
"${pip[@]}" install --quiet -c "$here/constraints.txt" cloudpickle packaging psutil pyyaml
say "$VERSION+$variant is in $venv"
