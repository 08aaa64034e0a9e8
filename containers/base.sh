#!/usr/bin/env bash
# Makes a base image of Debian's packages, for places that reach no image registry.
#
#   containers/base.sh [docker|podman|buildah]     # prints the image's name; podman is the default
#
# The archive is made by mmdebstrap and kept in ${XDG_CACHE_HOME:-~/.cache}/camnet: half a minute
# the first time, nothing afterwards. SUITE=bookworm chooses the release, and with it the Python.
# Ends with 77 where it cannot be made, and says why.
set -euo pipefail

engine=${1:-podman}
suite=${SUITE:-bookworm}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/camnet
archive=$cache/base-$suite-$(uname -m).tar
name=localhost/camnet/base:$suite

say() { printf 'base: %s\n' "$*" >&2; }
absent() { say "cannot be made here: $*"; exit 77; }

# Where this machine's own packages come from, if that is a Debian archive; else mmdebstrap knows.
mirror() {
  # shellcheck disable=SC2016  # the dollar is apt's
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
    grep -m 1 -E '/debian/?$' || true
}

make_archive() {
  command -v mmdebstrap >/dev/null ||
    absent 'mmdebstrap is not installed. On Debian: apt-get install mmdebstrap'
  say "making $archive of Debian's packages, about half a minute"
  local from
  mapfile -t from < <(mirror)
  # What the slim images leave out as well: manuals, translations. usrmerge, whose work is done,
  # would keep all of Perl.
  # shellcheck disable=SC2016  # the dollar is the hook's
  mmdebstrap --quiet --format=tar --variant=minbase --include=usr-is-merged,ca-certificates,python3,python3-venv \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    --customize-hook='chroot "$1" apt-mark auto "~i~nperl"' \
    --customize-hook='chroot "$1" apt-get --yes --quiet purge --auto-remove usrmerge perl' \
    "$suite" "$archive.$$" "${from[@]}" > "$archive.log" 2>&1 ||
    absent "mmdebstrap could not make $archive: $(tail -n 1 "$archive.log")"
  mv "$archive.$$" "$archive"
}

import_archive() {
  say "importing it into $engine as $name"
  if [ "$engine" = buildah ]; then
    local container
    container=$(buildah from scratch)
    buildah add --quiet "$container" "$archive" / >/dev/null
    buildah commit --quiet "$container" "$name" >/dev/null
    buildah rm "$container" >/dev/null
  else
    "$engine" import "$archive" "$name" >/dev/null
  fi
}

mkdir -p "$cache"
exec 9> "$archive.lock"
flock 9  # two builds at the same time make it once
if [ ! -f "$archive" ]; then
  trap 'rm -f "$archive.$$"' EXIT
  make_archive
  import_archive
elif ! "$engine" inspect --type image "$name" >/dev/null 2>&1; then
  import_archive
fi
echo "$name"
