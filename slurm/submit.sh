#!/usr/bin/env bash
# Send a cohort through all three layers, as jobs that depend on one another.
#
#   slurm/submit.sh SLIDES --out OUT [--extract-config F] [--train-config F] [--heatmap-config F]
#     [--model BUNDLE] [--images DIR] [--blocks K] [--units-per-task U] [--max-tasks N]
#     [--extract-sbatch WORDS] [--train-sbatch WORDS] [--heatmap-sbatch WORDS]
#     [--held-out] [--retry-failed] [--all] [--dry-run]
#
# SLIDES         a folder of slides or, better, a cohort CSV
# --out          gets layer1/, layer2/, layer3/ and logs/; every node must see it
# --model        a bundle: nothing is extracted or trained, only heatmaps and report are made
# --images       folder of layer1_extract.sif, layer2_train.sif and layer3_infer.sif; without it the
#                commands on PATH are run
# --...-sbatch   further words for sbatch, such as '--partition=gpu --gpus-per-node=4'
# --held-out     compare with annotations only those slides that the model was not trained on
# --retry-failed do slides again that failed
# --all          submit every task: each looks whether its slides' files are whole
# --dry-run      print every sbatch line, submit nothing
#
# The same line again submits what is not finished, as the files in OUT tell, and not in the queue.
# Ends with 1 where sbatch refuses a job, with 2 where something is wrong before.
set -euo pipefail

die() { echo "error: $*" >&2; exit 2; }
usage() { sed -n '4,22s/^# \{0,1\}//p' "$0"; }

slides='' out='' extract_config='' train_config='' heatmap_config='' model='' images=''
blocks=1 units_per_task='' max_tasks='' held_out='' retry_failed='' all='' dry_run=''
extract_sbatch=() train_sbatch=() heatmap_sbatch=()
while [ $# -gt 0 ]; do
  case $1 in
    --out | --extract-config | --train-config | --heatmap-config | --model | --images | --blocks | \
      --units-per-task | --max-tasks | --*-sbatch) [ $# -gt 1 ] || die "$1 needs a value" ;;
  esac
  case $1 in
    --out) out=$2 && shift ;;
    --extract-config) extract_config=$2 && shift ;;
    --train-config) train_config=$2 && shift ;;
    --heatmap-config) heatmap_config=$2 && shift ;;
    --model) model=$2 && shift ;;
    --images) images=$2 && shift ;;
    --blocks) blocks=$2 && shift ;;
    --units-per-task) units_per_task=$2 && shift ;;
    --max-tasks) max_tasks=$2 && shift ;;
    --extract-sbatch) read -ra extract_sbatch <<< "$2" && shift ;;
    --train-sbatch) read -ra train_sbatch <<< "$2" && shift ;;
    --heatmap-sbatch) read -ra heatmap_sbatch <<< "$2" && shift ;;
    --held-out) held_out=yes ;;
    --retry-failed) retry_failed=yes ;;
    --all) all=yes ;;
    --dry-run) dry_run=yes ;;
    -h | --help) usage && exit ;;
    -*) die "$1: not known. $0 --help tells all options" ;;
    *) [ -z "$slides" ] || die "expected one SLIDES, found $slides and $1"; slides=$1 ;;
  esac
  shift
done
[ -n "${slides:+$out}" ] || die "expected SLIDES --out OUT. $0 --help tells more"
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")

# --- what the jobs need must be there before any is submitted ---------------------------------

for program in sbatch squeue scontrol; do
  command -v $program > /dev/null || die "$program: not found. Run this where jobs are submitted"
done
for name in slides out extract_config train_config heatmap_config model images; do
  [ -z "${!name}" ] || printf -v "$name" '%s' "$(realpath -ms -- "${!name}")"
done
for path in "$slides" "$extract_config" "$train_config" "$heatmap_config" "$model" "$images"; do
  [ -z "$path" ] || [ -r "$path" ] || die "$path: expected something to read, found nothing"
done
layers=(layer1_extract layer2_train layer3_infer)
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
there=$out
while [ ! -e "$there" ]; do there=$(dirname "$there"); done
if [ ! -d "$there" ] || [ ! -w "$there" ]; then die "$there: expected a folder to write into"; fi
if [ -z "$dry_run" ]; then
  mkdir -p "$out/logs"
  there=$out
fi

# --- the layers plan; a container sees the folders it is told of -------------------------------

# A command of a layer, from its image or from PATH.
run() {
  if [ -n "$images" ]; then
    apptainer run "$images/$1.sif" "${@:2}"
  else
    "${1/_/-}" "${@:2}"
  fi
}

bind() {
  local folder
  for folder in "$@"; do
    case $folder in *[,:]*) die "$folder: Apptainer takes no folder with a comma or colon" ;; esac
    case ,${APPTAINER_BIND:-}, in *",$folder,"*) continue ;; esac
    APPTAINER_BIND=${APPTAINER_BIND:+$APPTAINER_BIND,}$folder
  done
}

# A value, or the values of a list, of the JSON in $plan.
value() { sed -nE "s/^ *\"$1\": \"?([^\"]*[^\",])\"?,?$/\1/p" <<< "$plan"; }
values() {
  sed -nE "/\"$1\": \[/,/\]/s/^ *\"(.*)\",?$/\1/p" <<< "$plan" |
    (LC_ALL=C.UTF-8 && while IFS= read -r one; do printf '%b\n' "$one"; done)
}

# plan LAYER FOLDER [WORDS]: what of a layer is not finished
plan() {
  local words=(plan "$slides" --json --blocks "$blocks" --max-array "$max_array")
  [ -z "$max_tasks" ] || words+=(--max-tasks "$max_tasks")
  [ -z "$units_per_task" ] || words+=(--units-per-task "$units_per_task")
  [ -z "$retry_failed" ] || words+=(--retry-failed)
  [ -n "$all" ] || words+=(--out "$2")
  plan=$(run "$1" "${words[@]}" "${@:3}") || exit 2
  if [ -n "$images" ]; then
    local known=${APPTAINER_BIND:-} folders
    mapfile -t folders < <(values folders)
    bind "${folders[@]}"
    [ "$known" = "${APPTAINER_BIND:-}" ] || plan=$(run "$1" "${words[@]}" "${@:3}") || exit 2
  fi
  [ "$(value absent)" != "$(value slides)" ] || die "$slides: none of its $(value slides) slides" \
    'is there'
}

max_array=$(scontrol show config | awk '$1 == "MaxArraySize" {print $3}')
[ -n "$max_array" ] || die 'scontrol show config: expected MaxArraySize, found none'
if [ -n "$images" ]; then
  export IMAGES=$images APPTAINER_BIND=${APPTAINER_BIND:-}
  if [ -d "$slides" ]; then bind "$slides"; else bind "$(dirname "$slides")"; fi
  bind "$there"
  for path in "$extract_config" "$train_config" "$heatmap_config"; do
    [ -z "$path" ] || bind "$(dirname "$path")"
  done
  [ -z "$model" ] || bind "$model"
fi
extract_words=(${extract_config:+--config "$extract_config"})
train_words=(${train_config:+--config "$train_config"})
heatmap_words=(${heatmap_config:+--config "$heatmap_config"})

# --- each stage: finished, in the queue, or submitted -----------------------------------------

jobs=$out/logs/jobs
queue=$(squeue --noheader --user="$(id -un)" --format='%F %T') || die 'squeue does not answer'
declare -A job=()
begun=''  # what was submitted just now
fresh=''  # set once a stage is submitted: those after it wait for it

# The number of a stage's latest job.
latest() {
  [ -f "$jobs" ] || return 0
  awk -v stage="$1" '$1 == stage {id = $2} END {print id}' "$jobs"
}

# todo STAGE: whether to submit a stage that is not finished; an older job of it may be queued
todo() {
  local id
  id=$(latest "$1")
  [ -n "$id" ] || return 0
  if [ -z "$(states "$1")" ]; then
    echo "$1: job $id has ended, and more is to be done; see $out/logs/$1-$id*.log"
    return 0
  fi
  if [ -z "$fresh" ]; then
    job[$1]=$id
    echo "$1: in the queue, job $id"
    return 1
  fi
  echo "$1: job $id waits for what was not finished, and is replaced"
  [ -n "$dry_run" ] || scancel "$id"
}

# states STAGE: of the tasks in the queue of a stage's latest job
states() {
  local id
  id=$(latest "$1")
  [ -z "$id" ] || awk -v id="$id" '$1 == id {print $2}' <<< "$queue"
}

# Nothing is changed under a later stage that is at work.
undisturbed() {
  local one after=''
  for one in extract merge train heatmap report; do
    if [ -n "$after" ] && grep -qvx -e PENDING -e '' <<< "$(states "$one")"; then
      die "$one: job $(latest "$one") is at work on what $1 is about to change." \
        "Wait for its end, or: scancel $(latest "$one")"
    fi
    [ "$one" != "$1" ] || after=yes
  done
}

# submit STAGE LOG DEPENDENCY WORDS: all that it takes to submit a job
submit() {
  local stage=$1 after=$3 answer id
  local line=(sbatch --parsable "--job-name=camnet-$stage" "--output=$out/logs/$2")
  [ -z "$after" ] || line+=("--dependency=$after" --kill-on-invalid-dep=yes)
  line+=("${@:4}")
  [ -n "$fresh" ] || undisturbed "$stage"
  fresh=yes
  if [ -n "$dry_run" ]; then
    show "${line[@]}"
    job[$stage]=${stage^^}
    return
  fi
  if ! answer=$("${line[@]}") || ! id=${answer%%;*} || ! [[ $id =~ ^[0-9]+$ ]]; then
    refused "$stage" "${answer:-}"
  fi
  echo "$stage $id" >> "$jobs"
  job[$stage]=$id
  begun+=" $id"
  echo "$stage: submitted, job $id${after:+, after ${after//:/ }}"
}

# Words as one would type them.
show() {
  local word typed=()
  for word in "$@"; do
    [[ $word =~ ^[[:alnum:]%+,./:=@_-]+$ ]] || word=$(printf '%q' "$word")
    typed+=("$word")
  done
  echo "${typed[*]}"
}

refused() {
  echo "error: sbatch refused the job $1, as it says above${2:+: $2}" >&2
  if [ -n "$begun" ]; then
    echo "Already submitted, and going on:$begun. Mend it and give the same line again, which" \
      "submits the rest; or give up: scancel$begun" >&2
  fi
  exit 1
}

# after KIND STAGE: a dependency on a stage, where it is in the queue
after() { [ -z "${job[$2]:-}" ] || echo "$1:${job[$2]}"; }

# newer FILE FOLDER: whether a file is there and nothing in the folder is newer
newer() { [ -f "$1" ] && [ -z "$(find "$2" -newer "$1" -name '[!.]*.json' -print -quit)" ]; }

if [ -z "$model" ]; then
  run layer2_train check ${train_words[@]+"${train_words[@]}"} > /dev/null || exit 2
  plan layer1_extract "$out/layer1" --no-look ${extract_words[@]+"${extract_words[@]}"}
  echo "$(value slides) slides, $(value units_left) of $(value units) slides or parts to extract" \
    "in $(value tasks_left) tasks; $(value failed_before) failed before, $(value absent) not there"
  array=$(value array)
  if [ -z "$array" ]; then
    echo "extract: finished, $out/layer1"
  elif todo extract; then
    submit extract 'extract-%A_%a.log' '' "--array=$array" "--export=ALL,TASKS=$(value tasks)" \
      ${extract_sbatch[@]+"${extract_sbatch[@]}"} "$here/layer1_extract.sbatch" "$slides" \
      --out "$out/layer1" --blocks "$blocks" ${extract_words[@]+"${extract_words[@]}"}
  fi

  if [ -z "${job[extract]:-}" ] && newer "$out/layer1/slides.png" "$out/layer1/outcomes"; then
    echo 'merge: finished'
  elif todo merge; then
    submit merge 'merge-%j.log' "$(after afterany extract)" "$here/layer1_merge.sbatch" \
      "$out/layer1" --join
  fi

  model=$out/layer2/bundle
  if [ -f "$model/bundle.json" ]; then
    echo "train: finished, $model"
  elif todo train; then
    submit train 'train-%j.log' "$(after afterok merge)" \
      ${train_sbatch[@]+"${train_sbatch[@]}"} "$here/layer2_train.sbatch" \
      --patches "$out/layer1" --out "$out/layer2" ${train_words[@]+"${train_words[@]}"}
  fi
fi

# heatmaps of a model that is not there yet cannot be held against it
[ -n "${job[train]:-}" ] || heatmap_words+=(--model "$model")
plan layer3_infer "$out/layer3" ${heatmap_words[@]+"${heatmap_words[@]}"}
[ -z "${job[train]:-}" ] || heatmap_words+=(--model "$model")
echo "$(value slides) slides, $(value units_left) of $(value units) slides or parts without a" \
  "heatmap in $(value tasks_left) tasks; $(value failed_before) failed before"
array=$(value array)
if [ -z "$array" ]; then
  echo "heatmap: finished, $out/layer3"
elif todo heatmap; then
  submit heatmap 'heatmap-%A_%a.log' "$(after afterok train)" "--array=$array" \
    "--export=ALL,TASKS=$(value tasks)" ${heatmap_sbatch[@]+"${heatmap_sbatch[@]}"} \
    "$here/layer3_infer.sbatch" "$slides" --out "$out/layer3" --blocks "$blocks" \
    "${heatmap_words[@]}"
fi

if [ -z "${job[heatmap]:-}" ] && newer "$out/layer3/report.html" "$out/layer3/outcomes"; then
  echo "report: finished, $out/layer3/report.html"
elif todo report; then
  words=("$out/layer3" --model "$model")
  if [ "$(value annotated)" -gt 0 ]; then
    words+=(--annotations "$slides" -- --annotations "$slides" ${held_out:+--held-out})
  fi
  after=$(after afterok train)
  after=${after:+$after,}$(after afterany heatmap)
  submit report 'report-%j.log' "${after%,}" "$here/layer3_report.sbatch" "${words[@]}"
fi

echo "watch:  squeue --me; tail -F $(show "$out/logs")/*.log;" \
  "$(show layer1-extract status "$out/layer1")"
echo 'resume: the same line again, for what is not finished'
