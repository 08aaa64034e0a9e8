#!/usr/bin/env bash
# What the tests of the images need: installs Debian's packages where it can.
#
#   tests/containers/install.sh
#
# Ends with 77 where it cannot be had, and says why.
set -euo pipefail

absent() { echo "no containers here: $*" >&2; exit 77; }

missing=()
for program in podman buildah runc mmdebstrap mksquashfs; do
  command -v "$program" >/dev/null || missing+=("$program")
done
[ ${#missing[@]} -gt 0 ] || exit 0
[ "$(id -u)" = 0 ] || absent "${missing[*]} not installed, and only root may"
command -v apt-get >/dev/null || absent "${missing[*]} not installed, and there is no apt-get"
{ apt-get update; DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
  -o DPkg::Lock::Timeout=600 podman buildah runc mmdebstrap squashfs-tools; } >/dev/null 2>&1 ||
  absent "apt-get could not install podman buildah runc mmdebstrap squashfs-tools"
