# What jobs need must be there before any is submitted: programs, files, layers, room, a cluster.

nearest=''         # OUT, or the folder above it that is there
max_array=''       # MaxArraySize of the cluster
tasks_per_array='' # of --max-tasks

look_at_site() {
  need_programs
  need_own_cluster
  need_paths
  need_layers
  need_arrays
  share_tasks
  need_room
}

need_programs() {
  local program
  for program in sbatch squeue scontrol; do
    command -v $program > /dev/null || die "$program: not found. Run this where jobs are submitted"
  done
}

need_own_cluster() {
  local name
  for name in SBATCH_CLUSTERS SLURM_CLUSTERS; do
    [ -z "${!name:-}" ] || die "$name is ${!name}: expected nothing, since squeue is asked for" \
      "this machine's cluster alone. Run this on a login node of that one, without it"
  done
}

# Paths are those of this folder, wherever a job runs.
need_paths() {
  local name path
  for name in slides out extract_config train_config heatmap_config model images; do
    [ -z "${!name}" ] || printf -v "$name" '%s' "$(realpath -ms -- "${!name}")"
  done
  for path in "$slides" "$extract_config" "$train_config" "$heatmap_config" "$model" "$images"; do
    [ -z "$path" ] || [ -r "$path" ] || die "$path: expected something to read, found nothing"
  done
  case $out in *\\*) die "$out: sbatch takes no folder with a backslash" ;; esac
}

need_layers() {
  local layer layers=(layer1_extract layer2_train layer3_infer)
  [ -z "$model" ] || layers=(layer3_infer)
  for layer in "${layers[@]}"; do
    if [ -z "$images" ]; then
      command -v "${layer/_/-}" > /dev/null || die "${layer/_/-}: not found. Activate the" \
        'environment it is installed in, or give --images'
    else
      [ -r "$images/$layer.sif" ] || die "$images/$layer.sif: not found. make sif makes it"
      command -v apptainer > /dev/null || die 'apptainer: not found. Try module load apptainer'
    fi
  done
}

need_arrays() {
  max_array=$(scontrol show config | awk '$1 == "MaxArraySize" {print $3}') ||
    die 'scontrol show config does not answer'
  [ -n "$max_array" ] || die 'scontrol show config: expected MaxArraySize, found none'
  [ "$max_array" -gt 0 ] || die 'MaxArraySize is 0: this cluster takes no array jobs. Ask its' \
    'administrators, or run the commands by hand'
}

# Two arrays, merge, train and report are in the queue together; or one array and report.
share_tasks() {
  local least=5 share
  [ -n "$max_tasks" ] || return 0
  share=$(((max_tasks - 3) / 2))
  [ -z "$model" ] || least=2 share=$((max_tasks - 1))
  [ "$share" -gt 0 ] || die "--max-tasks: expected at least $least jobs, found $max_tasks"
  tasks_per_array=$share
}

need_room() {
  nearest=$out
  while [ ! -e "$nearest" ]; do nearest=$(dirname "$nearest"); done
  if [ ! -d "$nearest" ] || [ ! -w "$nearest" ]; then
    die "$nearest: expected a folder to write into"
  fi
}

# Two of these at once would submit everything twice.
claim_out() {
  local guard=$out/logs/submitting
  mkdir -p "$out/logs" || die "$out/logs: expected a folder to write into"
  nearest=$out
  [ ! -e "$jobs" ] || [ -w "$jobs" ] || die "$jobs: expected a file to write to. Ask its owner"
  if ! mkdir "$guard" 2> /dev/null; then
    [ ! -e "$guard" ] || die "another submit.sh is at work on $out:" \
      "$(cat "$guard/who" 2> /dev/null || echo 'whose, is not told'). Wait for its end, or," \
      "where it died: rm -r $(printf '%q' "$guard")"
    mkdir "$guard" || die "$out/logs: expected a folder to write into"
  fi
  trap 'rm -rf "$out/logs/submitting"' EXIT
  echo "$(id -un) on $(hostname), process $$, since $(date '+%F %T')" > "$guard/who" ||
    die "$guard/who: expected a file to write to"
}
