#!/usr/bin/env bash
# Turns the layers' images into SIF files for Apptainer, each whole or absent.
#
#   containers/sif.sh [--gpu] [FOLDER] [LAYER...]    # FOLDER is sif/, LAYER all three
#
# Called by `make sif`, after `make images`: layer1_extract.sif, layer2_train.sif, layer3_infer.sif.
# --gpu takes the images for NVIDIA GPUs, whose tags end in -gpu; layer 1 has none and needs none.
# ENGINE chooses among docker, podman and buildah, TAG the images' tag (latest),
# APPTAINER the program (apptainer, else singularity), COMPRESSION gzip, zstd, lz4 or xz
# (zstd: as small as gzip and several times as fast; gzip for kernels before 4.14).
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
suffix='' makes='make images'
if [ "${1:-}" = --gpu ]; then
  suffix=-gpu makes='containers/images.sh --gpu'
  shift
fi
folder=${1:-sif}
shift $(($# > 0 ? 1 : 0))
layers=("$@")
[ $# -gt 0 ] || layers=(layer1_extract layer2_train layer3_infer)
tag=${TAG:-latest}

say() { printf 'sif: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

first_of() {
  local name
  for name in "$@"; do
    command -v "$name" && return
  done
  return 1
}

apptainer=${APPTAINER:-$(first_of apptainer singularity)} || fail 'expected apptainer, found none.' \
  'Get it without root: https://apptainer.org/docs/admin/main/installation.html#install-unprivileged-from-pre-built-binaries' \
  'or from your distribution (Fedora, EPEL, Debian sid, Ubuntu ppa:apptainer/ppa): apt-get install apptainer'
if [ -z "${ENGINE:-}" ] && command -v docker >/dev/null && docker info >/dev/null 2>&1; then
  ENGINE=docker
fi
engine=${ENGINE:-$(first_of podman buildah)} ||
  fail 'expected docker, podman or buildah, found none. On Debian: apt-get install podman'
case ${COMPRESSION:=zstd} in
  gzip | lz4 | xz) squashing="-comp $COMPRESSION" ;;
  zstd) squashing='-comp zstd -Xcompression-level 3' ;;
  *) fail "COMPRESSION: expected gzip, zstd, lz4 or xz, found $COMPRESSION" ;;
esac

# Podman and buildah pack layers with zstd in a third of the time, where Apptainer reads it.
via=docker-archive
case ${engine##*/} in
  podman | buildah)
    # The words of APPTAINER may be several.
    # shellcheck disable=SC2086
    [ "$(printf '%s\n' 1.4 "$($apptainer version)" | sort -V | head -n 1)" != 1.4 ] || via=oci
    ;;
  docker) ;;
  *) fail "ENGINE: expected docker, podman or buildah, found $engine" ;;
esac

image_of() {  # LAYER
  case $1 in
    layer1_extract) echo "camnet/$1:$tag" ;;
    *) echo "camnet/$1:$tag$suffix" ;;
  esac
}

save() {  # IMAGE PLACE
  case $via-${engine##*/} in
    oci-*) "$engine" push --quiet --compression-format zstd "$1" "oci:$2" ;;
    *-buildah) "$engine" push --quiet "$1" "docker-archive:$2" ;;
    *-podman) "$engine" save --quiet --format docker-archive --output "$2" "$1" ;;
    *) "$engine" save --output "$2" "$1" ;;
  esac
}

mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
work=$(mktemp -d "$folder/.making.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"

for layer in "${layers[@]}"; do
  image=$(image_of "$layer")
  [ -f "$here/$layer.def" ] ||
    fail "$layer: expected layer1_extract, layer2_train or layer3_infer"
  begun=$SECONDS
  save "$image" image > log 2>&1 ||
    { cat log >&2; fail "$image: expected this image with $engine, found none. Run: $makes"; }
  saved=$((SECONDS - begun))
  # shellcheck disable=SC2086
  $apptainer build --disable-cache --notest --mksquashfs-args "$squashing" \
    --build-arg BOOTSTRAP=$via --build-arg FROM=image made.sif "$here/$layer.def" > log 2>&1 ||
    { tail -n 30 log >&2; fail "$layer.sif: expected it to be built, found the errors above"; }
  rm -rf image
  mv -f made.sif "$folder/$layer.sif"
  say "$folder/$layer.sif: $(du -m "$folder/$layer.sif" | cut -f 1) MB," \
    "$((SECONDS - begun)) s, of which $saved s to save the image"
done
