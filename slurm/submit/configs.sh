# What the configurations say now: jobs get copies, which nobody edits while they wait.

declare -A config=()  # by stage: the copy, whose name tells what it says; nothing without one

copy_configurations() {
  local stage given
  for stage in extract train heatmap; do
    given=${stage}_config
    [ -z "${!given}" ] || copy_configuration "$stage" "${!given}"
  done
}

# copy_configuration STAGE FILE: whole or not at all; in a dry run only its name
copy_configuration() {
  local sum copy=$2
  if [ -z "$dry_run" ]; then
    copy=$out/logs/submitting/$1.yaml
    cat -- "$2" > "$copy" || die "$2: expected a file that can be copied to $out/logs"
  fi
  sum=$(sha256sum < "$copy") || die "$2: expected a file to read"
  config[$1]=$out/logs/$1-config-${sum:0:16}.yaml
  [ -n "$dry_run" ] || cmp -s -- "$copy" "${config[$1]}" || mv -f -- "$copy" "${config[$1]}" ||
    die "$out/logs: expected a folder to write into"
}
