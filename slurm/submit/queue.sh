# What is in the queue by now: OUT/logs/jobs tells the jobs of a stage, squeue those that are there.

stages=(extract merge train heatmap report)
names=$(printf ',camnet-%s' "${stages[@]}")
names=${names#,}  # of all jobs
jobs=''           # the file: of all that was submitted, its stage, number and what it was given
queue=''          # numbers, states and reasons of what is there, of every user

# A user's own choice of what squeue shows would hide jobs, also from the jobs themselves.
unset SQUEUE_ACCOUNT SQUEUE_FORMAT2 SQUEUE_LICENSES SQUEUE_PARTITION SQUEUE_QOS SQUEUE_STATES \
  SQUEUE_USERS

ask_queue() { squeue --noheader --name="$names" --format='%F %T %r'; }

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

# held STAGE: why its latest job is, where it is held: it starts only once somebody lets it go
held() {
  awk -v id="$(latest "$1")" '$1 == id && /[Hh]eld|JobHold/ {$1 = $2 = ""; print; exit}' \
    <<< "$queue"
}

# short WORDS: these in a few letters; they name what files say
short() { printf '%s\0' "$@" | sha256sum | cut -c1-16; }

# digest WORDS: what a job is given, in short: the images and these
digest() {
  {
    printf '%s\0' "$images" "$@"
    [ -z "$images" ] || stat --dereference --format='%n %s %Y' "$images"/layer?_*.sif
  } | sha256sum | cut -c1-16
}

# todo STAGE DIGEST: whether to submit a stage that is not finished; an older job may be queued
todo() {
  local id given reason
  id=$(latest "$1") given=$(latest "$1" 3)
  [ -n "$id" ] || return 0
  if [ -z "$(states "$1")" ]; then
    echo "$1: job $id has ended, and more is to be done; see $out/logs/$1-$id*.log"
  elif [ -n "$fresh" ]; then
    echo "$1: job $id waits for what was not finished, and is replaced"
    [ -n "$dry_run" ] || cancel "$1" "$id"
  elif [ -n "$given" ] && [ "$given" != "$2" ]; then
    die "$1: job $id in the queue was given other slides or words, another configuration," \
      "model or images. Wait for its end, or: scancel $id; then the same line again"
  else
    job[$1]=$id
    echo "$1: in the queue, job $id"
    read -r reason <<< "$(held "$1")"
    [ -z "$reason" ] || echo "$1: job $id is held ($reason) and starts no more by itself. Once it" \
      "is known why: scontrol release $id"
    return 1
  fi
}

# cancel STAGE JOB: unless it ended meanwhile
cancel() {
  scancel "$2" && return
  queue=$(ask_queue) || refused 'squeue does not answer'
  [ -z "$(states "$1")" ] || refused "$1: job $2 cannot be cancelled, as it says above, and would" \
    'run beside the one that replaces it. Ask whose it is, or wait for its end'
}

# undisturbed STAGE: nothing is changed under a later stage that is at work
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
