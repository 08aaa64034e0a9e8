# How a stage becomes a job: its sbatch line, what it waits for, and the number it gets.

declare -A script=([extract]=layer1_extract [merge]=layer1_merge [train]=layer2_train
  [heatmap]=layer3_infer [report]=layer3_report)
declare -A job=()  # by stage: the number of its job in the queue
begun=''           # the numbers of what was submitted just now
fresh=''           # set once a stage is submitted: those after it wait for it

# submit STAGE DEPENDENCY WORDS: its script with these words and those given for it, unless such a
# job is in the queue
submit() {
  local stage=$1 after=$2 mark line parts
  words_of "$stage"
  set -- "$@" ${parts[@]+"${parts[@]}"}
  mark=$(digest "${@:3}")
  todo "$stage" "$mark" || return 0
  line_of "$@"
  [ -n "$fresh" ] || undisturbed "$stage"
  fresh=yes
  if [ -n "$dry_run" ]; then
    show "${line[@]}"
    job[$stage]=${stage^^}
  else
    send "$stage" "$mark" "${line[@]}"
    echo "$stage: submitted, job ${job[$stage]}${after:+, after ${after//:/ }}"
  fi
}

# line_of STAGE DEPENDENCY WORDS: sets $line to the words that submit it; arrays as $plan says, and
# what gathers results writes down, once it ended well, of which words
line_of() {
  local log=$1-%j.log cut=(--export=ALL) parts
  case $1 in
    extract | heatmap)
      log=$1-%A_%a.log cut=("--array=$(open_tasks)" "--export=ALL,TASKS=$(value tasks)") ;;
    merge | report) cut=("--export=ALL,DIGEST=$(short "${@:3}")") ;;
  esac
  split "${own[all]:-} ${own[$1]:-}"
  line=(sbatch --parsable ${parts[@]+"${parts[@]}"})
  line+=("--job-name=camnet-$1" "--output=${out//%/%%}/logs/$log")
  [ -z "$2" ] || line+=("--dependency=$2" --kill-on-invalid-dep=yes)
  line+=("${cut[@]}" "$here/${script[$1]}.sbatch" "${@:3}")
}

# send STAGE DIGEST LINE: to SLURM, and write down the number it names before anything stops this
send() {
  local stage=$1 answer='' id told=''
  trap 'told=HUP' HUP; trap 'told=INT' INT; trap 'told=TERM' TERM
  answer=$(trap '' HUP INT TERM; exec "${@:3}") ||
    refused "sbatch refused the job $stage, as it says above${answer:+: $answer}"
  id=$(grep -E '^[0-9]+(;.*)?$' <<< "$answer" | tail -n 1) ||
    refused "sbatch may have taken the job $stage, but named no number: ${answer:-nothing}." \
      "Look for it with squeue --name=camnet-$stage, and scancel it"
  id=${id%%;*}
  job[$stage]=$id
  begun+=" $id"
  echo "$stage $id $2" >> "$jobs" ||
    refused "$jobs: expected a file to write to: the same line would submit the job $stage again." \
      "First: scancel $id"
  trap - HUP INT TERM
  [ -z "$told" ] || stopped "$told"
}

# refused WORDS: ends, and says what was submitted before
refused() {
  echo "error: $*" >&2
  if [ -n "$begun" ]; then
    echo "Already submitted, and going on:$begun. Mend it and give the same line again, which" \
      "submits the rest; or give up: scancel$begun" >&2
  fi
  exit 1
}

# stopped SIGNAL: ends as it asks, and says what was submitted before
stopped() {
  echo "error: told to stop. Already submitted, and going on:$begun. Give the same line again," \
    "which submits the rest; or give up: scancel$begun" >&2
  kill -s "$1" $$
}

# after KIND STAGE: a dependency on a stage, where it is in the queue
after() { [ -z "${job[$2]:-}" ] || echo "$1:${job[$2]}"; }
