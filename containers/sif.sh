#!/usr/bin/env bash
# Turns the layers' images into SIF files for Apptainer, each whole or absent.
#
#   containers/sif.sh [FOLDER] [LAYER...]    # FOLDER is sif/, LAYER all three
#
# Called by `make sif`, after `make images`: layer1_extract.sif, layer2_train.sif, layer3_infer.sif.
# ENGINE chooses among docker, podman and buildah, TAG the images' tag (latest),
# APPTAINER the program (apptainer, else singularity), COMPRESSION gzip, zstd, lz4 or xz
# (zstd: as small as gzip and several times as fast; gzip for kernels before 4.14).
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
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
engine=${ENGINE:-$(first_of docker podman buildah)} ||
  fail 'expected docker, podman or buildah, found none. On Debian: apt-get install podman'
case ${COMPRESSION:=zstd} in
  gzip | lz4 | xz) squashing="-comp $COMPRESSION" ;;
  zstd) squashing='-comp zstd -Xcompression-level 3' ;;
  *) fail "COMPRESSION: expected gzip, zstd, lz4 or xz, found $COMPRESSION" ;;
esac

save() {  # IMAGE FILE
  case ${engine##*/} in
    docker) "$engine" save --output "$2" "$1" ;;
    podman) "$engine" save --quiet --format docker-archive --output "$2" "$1" ;;
    buildah) "$engine" push --quiet "$1" "docker-archive:$2" ;;
    *) fail "ENGINE: expected docker, podman or buildah, found $engine" ;;
  esac
}

mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
work=$(mktemp -d "$folder/.making.XXXXXX")
trap 'rm -rf "$work"' EXIT

for layer in "${layers[@]}"; do
  image=camnet/$layer:$tag
  [ -f "$here/$layer.def" ] ||
    fail "$layer: expected layer1_extract, layer2_train or layer3_infer"
  begun=$SECONDS
  save "$image" "$work/$layer.tar" > "$work/log" 2>&1 ||
    { cat "$work/log" >&2; fail "$image: expected this image with $engine, found none. Run: make images"; }
  saved=$((SECONDS - begun))
  # The words of APPTAINER may be several.
  # shellcheck disable=SC2086
  (cd "$work" && $apptainer build --disable-cache --mksquashfs-args "$squashing" \
    --build-arg ARCHIVE="$work/$layer.tar" "$layer.sif" "$here/$layer.def") > "$work/log" 2>&1 ||
    { tail -n 30 "$work/log" >&2; fail "$layer.sif: expected it to be built, found the errors above"; }
  rm "$work/$layer.tar"
  mv -f "$work/$layer.sif" "$folder/$layer.sif"
  say "$folder/$layer.sif: $(du -m "$folder/$layer.sif" | cut -f 1) MB," \
    "$((SECONDS - begun)) s, of which $saved s to save the image"
done
