#!/usr/bin/env bash
# What the building stages of the three images do; called by the Dockerfiles, in their /build.
#
#   environment.sh dependencies EXTRA    # what `pip install camnet[EXTRA]` needs, in /opt/camnet
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

dependencies() {
  python3 -m venv "$tools"
  python3 -m venv --without-pip "$environment"
  "$tools/bin/python" - "$1" > requirements.txt <<'PYTHON'
import sys
import tomllib
from pathlib import Path

project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
print(*project["dependencies"], *project["optional-dependencies"][sys.argv[1]], sep="\n")
PYTHON
  if [ "${DEVICE:-cpu}" = gpu ]; then
    sed -i 's/^tensorflow-cpu/tensorflow[and-cuda]/' requirements.txt
    sed -i 's/^tensorflow_cpu==/tensorflow==/' constraints.txt
  fi
  pip_install -r requirements.txt -c constraints.txt
}

lighten() {
  local site
  site=$(site_packages "$environment")
  # Tests of the packages themselves.
  find "$site" -depth -type d -name tests -exec rm -rf {} +
  # What only a compiler or an editor reads.
  find "$site" -type f \( -name '*.pyi' -o -name '*.pyx' -o -name '*.pxd' -o -name '*.a' \) -delete
  rm -rf "$site/tensorflow/include" "$site/clang"
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
