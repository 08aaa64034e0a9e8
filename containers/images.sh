#!/usr/bin/env bash
# Builds the images of the three layers with docker, podman or buildah, whichever is there.
#
#   containers/images.sh [--gpu] [layer1_extract] [layer2_train] [layer3_infer]    # none: all three
#
# BASE=<image>      the base of all three; otherwise the public image that the Dockerfiles name
#                   or, where no registry is reached, one of Debian's packages (base.sh)
# ENGINE=<program>  docker, podman or buildah
# PYTHON=<program>  whose pip's settings hold; .venv's, else python3
# WHEELS=<folder>   where a wheel of Horovod that fits is taken from; ${XDG_CACHE_HOME:-~/.cache}/camnet/wheels
# --gpu             layers 2 and 3 for NVIDIA GPUs, with the tag's suffix -gpu
# CUDA_PACKAGES=<address>   of NVIDIA's packages for Debian 12, which compile Horovod for GPUs
#
# pip's settings, certificates and proxies of the caller hold in the build and stay out of the
# images. Ends with 77 where no image can be built, and says why.
set -euo pipefail

here=$(cd "$(dirname "$0")/.." && pwd)
public=$(sed -n 's/^ARG BASE=//p' "$here/containers/layer1_extract.Dockerfile")

say() { printf 'images: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }
absent() { say "cannot be built here: $*"; exit 77; }

find_engine() {
  if command -v docker >/dev/null && docker info >/dev/null 2>&1; then echo docker
  elif command -v podman >/dev/null; then echo podman
  elif command -v buildah >/dev/null; then echo buildah
  else absent 'no docker with a running engine, no podman, no buildah. On Debian: apt-get install podman'
  fi
}

# The public base where it can be pulled, else one of Debian's packages.
find_base() {
  if "$engine" inspect --type image "$public" >/dev/null 2>&1 ||
    timeout 120 "$engine" pull --quiet "$public" >/dev/null 2>&1; then
    echo "$public"
  else
    say "$public cannot be pulled; taking a base of Debian's packages"
    "$here/containers/base.sh" "$engine"
  fi
}

# The caller's settings of where packages come from, as the pip of PYTHON tells them; a machine
# without a Python has none.
write_pip_settings() {
  local python=${PYTHON:-$here/.venv/bin/python}
  [ -x "$python" ] || python=python3
  touch "$work/pip.conf" "$work/certificates.pem" "$work/folders"
  "$python" -m pip config list > "$work/settings" 2>/dev/null || return 0
  "$python" "$here/containers/pip_settings.py" "$work" < "$work/settings"
}

# The words of the build that do not depend on the layer.
build_words() {
  words=(--build-arg "BASE=$base" --build-arg "VERSION=$version" --build-arg "COMMIT=$commit"
    --secret "id=pip.conf,src=$work/pip.conf"
    --secret "id=certificates.pem,src=$work/certificates.pem"
    --build-context "wheels=$wheels")
  local name folder
  for name in CUDA_PACKAGES http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do
    [ -z "${!name:-}" ] || words+=(--build-arg "$name=${!name}")
  done
  if [ "$engine" = docker ]; then
    export DOCKER_BUILDKIT=1
    [ ! -s "$work/folders" ] ||
      say "pip reads $(paste -sd ' ' "$work/folders"), and docker shows a build no folders; podman does"
    return
  fi
  # Our own files need no protection from one another, and so no right to make namespaces.
  words+=(--format docker --layers --isolation "${BUILDAH_ISOLATION:-chroot}")
  while read -r folder; do
    words+=(--volume "$folder:$folder:ro")
  done < "$work/folders"
}

build() {
  local layer=$1 tag=$version latest=latest device=cpu begun=$SECONDS size
  if [ "$gpu" = 1 ] && [ "$layer" != layer1_extract ]; then
    device=gpu tag=$version-gpu latest=latest-gpu
  fi
  say "building camnet/$layer:$tag on $base"
  "$engine" build "${words[@]}" --build-arg "DEVICE=$device" \
    --tag "camnet/$layer:$tag" --tag "camnet/$layer:$latest" \
    --file "$here/containers/$layer.Dockerfile" "$here" > "$work/log" 2>&1 ||
    { tail -n 40 "$work/log" >&2; fail "camnet/$layer: expected it to build, found the errors above"; }
  size=$("$engine" images --format '{{.Size}}' "camnet/$layer:$tag" | sed -n 1p)
  say "camnet/$layer:$tag: $size, built in $((SECONDS - begun)) s"
}

gpu=0
layers=()
for word in "$@"; do
  case $word in
    --gpu) gpu=1 ;;
    layer1_extract | layer2_train | layer3_infer) layers+=("$word") ;;
    *) sed -n '2,15s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
  esac
done
[ ${#layers[@]} -gt 0 ] || layers=(layer1_extract layer2_train layer3_infer)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
engine=${ENGINE:-$(find_engine)}
base=${BASE:-$(find_base)}
version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$here/pyproject.toml")
commit=$(git -C "$here" describe --always --dirty --exclude='*' 2>/dev/null || echo unknown)
wheels=${WHEELS:-${XDG_CACHE_HOME:-$HOME/.cache}/camnet/wheels}
mkdir -p "$wheels"
write_pip_settings
build_words
for layer in "${layers[@]}"; do
  build "$layer"
done
