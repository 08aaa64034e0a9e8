#!/usr/bin/env bash
# Makes what the tests of the images need: programs, the three images, and SIF files of them.
#
#   tests/containers/prepare.sh FOLDER     # of the SIF files
#
# Ends with 77 where it cannot be had, and says why.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
"$here/install.sh"
"$here/../../containers/images.sh"
"$here/apptainer.sh" install >/dev/null
# Packed fast rather than small: these are read once.
COMPRESSION=lz4 APPTAINER="$here/apptainer.sh run" "$here/../../containers/sif.sh" "$1"
