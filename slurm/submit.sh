#!/usr/bin/env bash
# Send a cohort through all three layers, as jobs that depend on one another.
#
#   slurm/submit.sh SLIDES --out OUT [--extract-config F] [--train-config F] [--heatmap-config F]
#     [--model BUNDLE] [--images DIR] [--blocks K] [--units-per-task U] [--max-tasks N]
#     [--at-once M] [--sbatch WORDS] [--extract-sbatch WORDS] [--train-sbatch WORDS]
#     [--heatmap-sbatch WORDS] [--held-out] [--retry-failed] [--all] [--dry-run]
#
# SLIDES         a folder of slides or, better, a cohort CSV; jobs get a copy of what it says now
# --out          gets layer1/, layer2/, layer3/ and logs/; every node must see it
# --model        a bundle: nothing is extracted or trained, only heatmaps and report are made
# --images       folder of layer1_extract.sif, layer2_train.sif and layer3_infer.sif; without it the
#                commands on PATH are run
# --max-tasks    jobs that all of this may be in the queue, where a user may have no more
# --at-once      tasks of an array that may run at the same time
# --sbatch       further words for sbatch, such as '--account=a --time=8:00:00', for every job;
# --...-sbatch   behind them, for one stage, such as '--partition=gpu --gpus-per-node=4'
# --held-out     compare with annotations only those slides that the model was not trained on
# --retry-failed do slides again that failed
# --all          submit every task: each looks whether its slides' files are whole
# --dry-run      print every sbatch line, submit nothing
#
# The same line again submits what is not finished, as the files in OUT tell, and not in the queue:
# also slides of which SLIDES says something else by now. Where OUT has a model of other patches or
# another configuration, or patches of slides that SLIDES lacks, it ends and says what to do.
# Ends with 1 where sbatch refuses a job, with 2 where something is wrong before.
set -euo pipefail

die() { echo "error: $*" >&2; exit 2; }
usage() { sed -n '4,27s/^# \{0,1\}//p' "$0"; }

slides='' out='' extract_config='' train_config='' heatmap_config='' model='' images=''
blocks=1 units_per_task='' max_tasks='' at_once='' held_out='' retry_failed='' all='' dry_run=''
declare -A own=()  # words for sbatch, by stage
while [ $# -gt 0 ]; do
  case $1 in
    --out | --extract-config | --train-config | --heatmap-config | --model | --images | --blocks | \
      --units-per-task | --max-tasks | --at-once | --sbatch | --*-sbatch)
      [ $# -gt 1 ] || die "$1 needs a value" ;;
  esac
  case $1 in
    --blocks | --units-per-task | --max-tasks | --at-once)
      [[ $2 =~ ^[1-9][0-9]*$ ]] || die "$1: expected a number greater than 0, found $2" ;;
    --sbatch | --*-sbatch)
      [[ $2 != *[\"\'\\]* ]] || die "$1: expected words without quotes or backslashes, found $2" ;;
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
    --at-once) at_once=$2 && shift ;;
    --sbatch) own[all]=$2 && shift ;;
    --extract-sbatch) own[extract]=$2 && shift ;;
    --train-sbatch) own[train]=$2 && shift ;;
    --heatmap-sbatch) own[heatmap]=$2 && shift ;;
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
case $out in *\\*) die "$out: sbatch takes no folder with a backslash" ;; esac
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
max_array=$(scontrol show config | awk '$1 == "MaxArraySize" {print $3}')
[ -n "$max_array" ] || die 'scontrol show config: expected MaxArraySize, found none'
[ "$max_array" -gt 0 ] || die 'MaxArraySize is 0: this cluster takes no array jobs. Ask its' \
  'administrators, or run the commands by hand'
if [ -n "$max_tasks" ]; then  # two arrays, merge, train and report; or one array and report
  least=5 share=$(((max_tasks - 3) / 2))
  [ -z "$model" ] || least=2 share=$((max_tasks - 1))
  [ "$share" -gt 0 ] || die "--max-tasks: expected at least $least jobs, found $max_tasks"
  max_tasks=$share
fi
there=$out
while [ ! -e "$there" ]; do there=$(dirname "$there"); done
if [ ! -d "$there" ] || [ ! -w "$there" ]; then die "$there: expected a folder to write into"; fi
jobs=$out/logs/jobs
if [ -z "$dry_run" ]; then
  mkdir -p "$out/logs"
  there=$out
  [ ! -e "$jobs" ] || [ -w "$jobs" ] || die "$jobs: expected a file to write to. Ask its owner"
  guard=$out/logs/submitting  # two of these at once would submit everything twice
  mkdir "$guard" 2> /dev/null || die "another submit.sh is at work on $out:" \
    "$(cat "$guard/who" 2> /dev/null || echo 'whose, is not told'). Wait for its end, or," \
    "where it died: rm -r $(printf '%q' "$guard")"
  trap 'rm -rf "$guard"' EXIT
  echo "$(id -un) on $(hostname), process $$, since $(date '+%F %T')" > "$guard/who"
fi

# --- the layers plan; a container sees the folders it is told of -------------------------------

# The words that run a command of a layer, from its image or from PATH.
command_of() {
  command=("${1/_/-}")
  [ -z "$images" ] || command=(apptainer run "$images/$1.sif")
}

run() {
  local command
  command_of "$1"
  "${command[@]}" "${@:2}"
}

bind() {
  local folder
  for folder in "$@"; do
    case $folder in *[,:]*) die "$folder: Apptainer takes no folder with a comma or colon" ;; esac
    case ,${APPTAINER_BIND:-}, in *",$folder,"*) continue ;; esac
    APPTAINER_BIND=${APPTAINER_BIND:+$APPTAINER_BIND,}$folder
  done
}

# A value of what was planned; of a list, one on each line.
value() { sed -n "s/^$1 //p" <<< "$plan"; }
count() { value "$1" | wc -l; }

# plan LAYER FOLDER [WORDS]: what of a layer is not finished
plan() {
  local words folders known
  words=(plan "$from" --values --blocks "$blocks" --max-array "$max_array" --out "$2")
  [ -z "$max_tasks" ] || words+=(--max-tasks "$max_tasks")
  [ -z "$units_per_task" ] || words+=(--units-per-task "$units_per_task")
  [ -z "$retry_failed" ] || words+=(--retry-failed)
  [ -n "$dry_run" ] || [ "$from" != "$slides" ] || words+=(--freeze "$out/logs")
  for _ in {1..8}; do  # a link may lead to a link in a folder not seen before
    known=${APPTAINER_BIND:-}
    plan=$(run "$1" "${words[@]}" "${@:3}") || exit 2
    [ -n "$images" ] || break
    mapfile -t folders < <(value folders)
    bind ${folders[@]+"${folders[@]}"}
    [ "$known" != "$APPTAINER_BIND" ] || break
  done
  [ "$(value absent)" != "$(value slides)" ] || die "$slides: none of its $(value slides) slides" \
    'is there'
  cohort=$out/logs/$(value cohort)  # all tasks of all jobs get the same slides, whatever comes
  [ -n "$dry_run" ] || from=$cohort
  array=$(value array)
  [ -z "$all" ] || array=0-$(($(value tasks) - 1))
  array+=${array:+${at_once:+%$at_once}}
}

if [ -n "$images" ]; then
  export IMAGES=$images APPTAINER_BIND=${APPTAINER_BIND:-}
  if [ -d "$slides" ]; then bind "$slides"; else bind "$(dirname "$slides")"; fi
  bind "$there"
  for path in "$extract_config" "$train_config" "$heatmap_config"; do
    [ -z "$path" ] || bind "$(dirname "$path")"
  done
  [ -z "$model" ] || bind "$model"
fi
from=$slides
extract_words=(${extract_config:+--config "$extract_config"})
train_words=(${train_config:+--config "$train_config"})
heatmap_words=(${heatmap_config:+--config "$heatmap_config"})

# --- each stage: finished, in the queue, or submitted -----------------------------------------

stages=(extract merge train heatmap report)
names=$(printf ',camnet-%s' "${stages[@]}")
queue=$(squeue --noheader --name="${names#,}" --format='%F %T') || die 'squeue does not answer'
declare -A job=()
begun=''  # what was submitted just now
fresh=''  # set once a stage is submitted: those after it wait for it

# latest STAGE [FIELD]: the number of its latest job, or 3: of what it was given
latest() {
  [ -f "$jobs" ] || return 0
  awk -v stage="$1" -v field="${2:-2}" '$1 == stage {it = $field} END {print it}' "$jobs"
}

# states STAGE: of the tasks in the queue of a stage's latest job
states() {
  local id
  id=$(latest "$1")
  [ -z "$id" ] || awk -v id="$id" '$1 == id {print $2}' <<< "$queue"
}

# digest STAGE WORDS: what a job is given, in short
digest() {
  local config=${1}_config
  config=${!config:-}
  { printf '%s\0' "$images" "${@:2}" && cat -- "${config:-/dev/null}"; } | sha256sum | cut -c1-16
}

# todo STAGE DIGEST: whether to submit a stage that is not finished; an older job may be queued
todo() {
  local id given
  id=$(latest "$1") given=$(latest "$1" 3)
  [ -n "$id" ] || return 0
  if [ -z "$(states "$1")" ]; then
    echo "$1: job $id has ended, and more is to be done; see $out/logs/$1-$id*.log"
  elif [ -n "$fresh" ]; then
    echo "$1: job $id waits for what was not finished, and is replaced"
    [ -n "$dry_run" ] || scancel "$id" || true  # it may have ended meanwhile
  elif [ -n "$given" ] && [ "$given" != "$2" ]; then
    die "$1: job $id in the queue was given other slides, another configuration, model or" \
      "images. Wait for its end, or: scancel $id; then the same line again"
  else
    job[$1]=$id
    echo "$1: in the queue, job $id"
    return 1
  fi
}

# Nothing is changed under a later stage that is at work.
undisturbed() {
  local one after=''
  for one in "${stages[@]}"; do
    if [ -n "$after" ] && grep -qvx -e PENDING -e '' <<< "$(states "$one")"; then
      die "$one: job $(latest "$one") is at work on what $1 is about to change." \
        "Wait for its end, or: scancel $(latest "$one")"
    fi
    [ "$one" != "$1" ] || after=yes
  done
}

# submit STAGE DEPENDENCY SCRIPT WORDS: unless it is in the queue; an array where $array is set
submit() {
  local stage=$1 after=$2 script=$3 mark answer='' id log=$1-%j.log further
  mark=$(digest "$stage" "${@:4}")
  todo "$stage" "$mark" || return 0
  [ -z "$array" ] || log=$stage-%A_%a.log
  read -rd '' -a further <<< "${own[all]:-} ${own[$stage]:-}" || true
  local line=(sbatch --parsable ${further[@]+"${further[@]}"})
  line+=("--job-name=camnet-$stage" "--output=${out//%/%%}/logs/$log")
  [ -z "$after" ] || line+=("--dependency=$after" --kill-on-invalid-dep=yes)
  if [ -n "$array" ]; then
    line+=("--array=$array" "--export=ALL,TASKS=$(value tasks)")
  else
    line+=(--export=ALL)
  fi
  line+=("$here/$script" "${@:4}")
  [ -n "$fresh" ] || undisturbed "$stage"
  fresh=yes
  if [ -n "$dry_run" ]; then
    show "${line[@]}"
    job[$stage]=${stage^^}
    return
  fi
  answer=$("${line[@]}") ||
    refused "sbatch refused the job $stage, as it says above${answer:+: $answer}"
  id=$(grep -E '^[0-9]+(;.*)?$' <<< "$answer" | tail -n 1) ||
    refused "sbatch may have taken the job $stage, but named no number: ${answer:-nothing}." \
      "Look for it with squeue --name=camnet-$stage, and scancel it"
  id=${id%%;*}
  echo "$stage $id $mark" >> "$jobs"
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
  echo "error: $*" >&2
  if [ -n "$begun" ]; then
    echo "Already submitted, and going on:$begun. Mend it and give the same line again, which" \
      "submits the rest; or give up: scancel$begun" >&2
  fi
  exit 1
}

# after KIND STAGE: a dependency on a stage, where it is in the queue
after() { [ -z "${job[$2]:-}" ] || echo "$1:${job[$2]}"; }

# newer FILE FOLDER: whether a file is there and no outcome in the folder is newer
newer() { [ -f "$1" ] && [ -z "$(find "$2" -newer "$1" -name '[!.]*.json' -print -quit)" ]; }

# Whether what is about to be done goes with what is there; before anything is submitted.
refuse_mixture() {
  local there others advice
  others=$(count strangers)
  [ "$others" = 0 ] || die "$out/layer1 has patches of $others slides that $slides lacks:" \
    "$(value strangers | head -n 5 | paste -sd ' ')$([ "$others" -le 5 ] || echo ' ...')." \
    'Nothing may be trained on them unasked. Name them there, or move their patches aside:' \
    "layer1-extract merge $(show "$out/layer1") --cohort $(show "$slides") --set-others-aside"
  there=$(($(value new) + $(value changed)))
  advice="To train anew, move $(show "$out/layer2" "$out/layer3") away. For heatmaps of the model"
  advice+=" as it is: --model $(show "$out/layer2/bundle")"
  if [ -e "$out/layer2/splits.csv" ] && [ "$there" -gt 0 ]; then
    die "$out/layer2 was trained without $there slides that are new, changed or tried again." \
      "$advice"
  fi
  if [ ! -f "$out/layer2/bundle/bundle.json" ] && [ -e "$out/layer3/run.json" ]; then
    die "$out/layer3 has heatmaps of a model that is no longer in $out/layer2. Move" \
      "$(show "$out/layer3") away to make them of the model that is to be trained, or give that" \
      'model with --model'
  fi
}

# Whether the model is there, and of these patches; where some were written since, layer 2 looks.
trained() {
  local bundle=$out/layer2/bundle/bundle.json
  [ -f "$bundle" ] || return 1
  if [ -n "${job[extract]:-}${job[merge]:-}" ]; then
    echo "train: $out/layer2/bundle is there; the job only makes sure that it is of these" \
      'patches, and fails where it is not'
    return 1
  fi
  [ -n "$(find "$out/layer1/patches" -maxdepth 1 ! -name '.*' -newer "$bundle" -print -quit)" ] ||
    return 0
  run layer2_train check ${train_words[@]+"${train_words[@]}"} --patches "$out/layer1" \
    --out "$out/layer2" > /dev/null || die "the model in $out/layer2 is not of the patches" \
    "in $out/layer1, as it says above. Move $(show "$out/layer2" "$out/layer3") away to train anew"
}

if [ -z "$model" ]; then
  run layer2_train check ${train_words[@]+"${train_words[@]}"} --out "$out/layer2" > /dev/null ||
    exit 2
  plan layer1_extract "$out/layer1" --no-look ${extract_words[@]+"${extract_words[@]}"}
  refuse_mixture
  echo "$(value slides) slides, $(value units_left) of $(value units) slides or parts to extract" \
    "in $(value tasks_left) tasks; $(value changed) changed since, $(value failed_before) failed" \
    "before, $(value absent) not there"
  if [ -z "$array" ]; then
    echo "extract: finished, $out/layer1"
  else
    submit extract '' layer1_extract.sbatch "$cohort" --out "$out/layer1" --blocks "$blocks" \
      ${extract_words[@]+"${extract_words[@]}"}
  fi

  array=''
  if [ -z "${job[extract]:-}" ] && newer "$out/layer1/slides.png" "$out/layer1/outcomes"; then
    echo 'merge: finished'
  else
    submit merge "$(after afterany extract)" layer1_merge.sbatch "$out/layer1" --join \
      --cohort "$cohort"
  fi

  model=$out/layer2/bundle
  if trained; then
    echo "train: finished, $model"
  else
    submit train "$(after afterok merge)" layer2_train.sbatch --patches "$out/layer1" \
      --out "$out/layer2" ${train_words[@]+"${train_words[@]}"}
  fi
  watch=layer1_extract
fi

# heatmaps of a model that is not there yet cannot be held against it
model_words=(--model "$model")
[ -e "$model/bundle.json" ] || [ -z "${job[train]:-}" ] || model_words=()
plan layer3_infer "$out/layer3" ${heatmap_words[@]+"${heatmap_words[@]}"} \
  ${model_words[@]+"${model_words[@]}"}
heatmap_words+=(--model "$model")
echo "$(value slides) slides, $(value units_left) of $(value units) slides or parts without a" \
  "heatmap in $(value tasks_left) tasks; $(value changed) changed since, $(value failed_before)" \
  "failed before"
[ "$(count strangers)" = 0 ] || echo "$out/layer3 has results of $(count strangers) slides that" \
  "$slides lacks, and the report shows them"
if [ -z "$array" ]; then
  echo "heatmap: finished, $out/layer3"
else
  submit heatmap "$(after afterok train)" layer3_infer.sbatch "$cohort" --out "$out/layer3" \
    --blocks "$blocks" "${heatmap_words[@]}"
fi

array=''
if [ -z "${job[heatmap]:-}" ] && newer "$out/layer3/report.html" "$out/layer3/outcomes"; then
  echo "report: finished, $out/layer3/report.html"
else
  report=("$out/layer3" --model "$model")
  if [ "$(value annotated)" -gt 0 ]; then
    report+=(--annotations "$cohort" -- --annotations "$cohort" ${held_out:+--held-out})
  fi
  after=$(after afterok train)
  after=${after:+$after,}$(after afterany heatmap)
  submit report "${after%,}" layer3_report.sbatch "${report[@]}"
fi

watched="squeue --name=${names#,}; tail -F $(show "$out/logs")/*.log"
if [ -n "${watch:-}" ]; then
  command_of "$watch"
  [ -z "$images" ] || command=(env "APPTAINER_BIND=$APPTAINER_BIND" "${command[@]}")
  watched+="; $(show "${command[@]}" status "$out/layer1")"
fi
echo "watch:  $watched"
echo 'resume: the same line again, for what is not finished'
