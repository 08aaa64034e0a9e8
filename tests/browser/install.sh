#!/usr/bin/env bash
# A Chromium for the tests of the pages: installs Debian's where it can.
#
#   tests/browser/install.sh
#
# Ends with 77 where it cannot be had, and says why.
set -euo pipefail

absent() { echo "no Chromium here: $*" >&2; exit 77; }

for program in chromium chromium-browser google-chrome; do
  command -v "$program" >/dev/null && exit
done
[ "$(id -u)" = 0 ] || absent 'it is not installed, and only root may'
command -v apt-get >/dev/null || absent 'it is not installed, and there is no apt-get'
{ apt-get update; DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
  -o DPkg::Lock::Timeout=600 chromium fonts-dejavu-core; } >/dev/null 2>&1 ||
  absent 'apt-get could not install it'
