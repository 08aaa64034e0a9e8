#!/usr/bin/env bash
# An Apptainer for the tests: the machine's own, or Debian sid's in a root folder of its own.
#
#   tests/containers/apptainer.sh install        # prints the folder to put first on PATH
#   tests/containers/apptainer.sh run WORDS...   # apptainer WORDS..., whichever there is
#
# The root folder is made by mmdebstrap on Debian, as root, and kept in
# ${XDG_CACHE_HOME:-~/.cache}/camnet/apptainer: a minute the first time, nothing afterwards. A command
# runs in it with the machine's own folders (/home, /tmp, /srv, ...) at their own paths; the mounts
# live in a namespace of the command's own and end with it.
# Ends with 77 where it cannot be had, and says why.
set -euo pipefail

cache=${XDG_CACHE_HOME:-$HOME/.cache}/camnet/apptainer
root=$cache/root
# What the root folder has of its own; every other folder of the machine is shown in it.
OWN=' bin boot dev etc lib lib32 lib64 libx32 lost+found mnt proc run sbin sys usr var '

absent() { echo "no Apptainer here: $*" >&2; exit 77; }

# The machine's own program, never the one that `install` wrote.
native() {
  local name path
  for name in apptainer singularity; do
    while read -r path; do
      [ "$path" -ef "$cache/bin/apptainer" ] || { echo "$path"; return; }
    done < <(type -aP "$name")
  done
  return 1
}

mirror() {
  # shellcheck disable=SC2016  # the name is for apt-get
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
    grep -m 1 -E '/debian/?$' || true
}

make_root() {
  [ "$(id -u)" = 0 ] || absent 'neither apptainer nor singularity is installed, and only root may make a root folder'
  command -v mmdebstrap >/dev/null ||
    absent 'neither apptainer, singularity nor mmdebstrap is installed. On Debian: apt-get install mmdebstrap'
  mkdir -p "$cache"
  exec 9> "$cache/lock"
  flock 9
  [ ! -d "$root" ] || return 0
  local half=$root.part from
  mapfile -t from < <(mirror)
  rm -rf "$half"
  mmdebstrap --quiet --variant=minbase --aptopt='Acquire::Check-Valid-Until "false"' \
    --include=apptainer,ca-certificates,squashfuse,fuse-overlayfs,fuse3 \
    sid "$half" "${from[@]}" > "$cache/log" 2>&1 ||
    absent "mmdebstrap could not make $root: $(tail -n 1 "$cache/log")"
  rm -rf "$half"/var/cache/apt/* "$half"/var/lib/apt/lists/*
  mv "$half" "$root"
}

install() {
  local own
  mkdir -p "$cache/bin"
  if own=$(native); then
    ln -sf "$own" "$cache/bin/apptainer"
  else
    make_root
    printf '#!/bin/sh\nexec "%s" run "$@"\n' "$(realpath "$0")" > "$cache/bin/apptainer.$$"
    chmod +x "$cache/bin/apptainer.$$"
    mv -f "$cache/bin/apptainer.$$" "$cache/bin/apptainer"
  fi
  echo "$cache/bin"
}

# Called in a mount namespace of its own.
inside() {
  local folder at=$PWD
  mount --bind "$root" "$root"
  for folder in /proc /sys /dev; do
    mount --rbind "$folder" "$root$folder"
  done
  for folder in /*/; do
    folder=${folder%/}
    [[ $OWN != *" ${folder#/} "* && ! -L $folder ]] || continue
    mkdir -p "$root$folder"
    mount --rbind "$folder" "$root$folder"
  done
  for file in /etc/hosts /etc/resolv.conf; do
    touch "$root$file"
    mount --bind "$file" "$root$file"
  done
  cd "$root"
  pivot_root . mnt
  umount -l /mnt
  cd "$at"
  export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
  # Root may lack one of the rights that Apptainer would pass on to what it starts.
  export APPTAINER_NO_PRIVS=1
  exec apptainer "$@"
}

case ${1:-} in
  install) install ;;
  run)
    shift
    if own=$(native); then
      exec "$own" "$@"
    fi
    [ -d "$root" ] || make_root
    exec unshare --mount --propagation private "$0" inside "$@"
    ;;
  inside) shift; inside "$@" ;;
  *) echo "usage: $0 install | run WORDS..." >&2; exit 2 ;;
esac
