# What a layer is asked, by its command on PATH or from its image, and what it plans to do.

declare -A planned=()  # by layer: what is not finished, a name and a value on each line
cohort=''              # the copy of SLIDES that jobs get
from=''                # what layers are told of: SLIDES, and its copy once that is there

# command_of LAYER: sets $command to the words that run it
command_of() {
  command=("${1/_/-}")
  [ -z "$images" ] || command=(apptainer run "$images/$1.sif")
}

# run LAYER WORDS
run() {
  local command
  command_of "$1"
  "${command[@]}" "${@:2}"
}

# bind FOLDERS: containers see them
bind() {
  local folder
  for folder in "$@"; do
    case $folder in *[,:]*) die "$folder: Apptainer takes no folder with a comma or colon" ;; esac
    case ,${APPTAINER_BIND:-}, in *",$folder,"*) continue ;; esac
    APPTAINER_BIND=${APPTAINER_BIND:+$APPTAINER_BIND,}$folder
  done
}

# Jobs run what this runs, whatever IMAGES said; a container sees the folders it is told of.
choose_programs() {
  local path
  unset IMAGES
  [ -n "$images" ] || return 0
  export IMAGES=$images APPTAINER_BIND=${APPTAINER_BIND:-}
  if [ -d "$slides" ]; then bind "$slides"; else bind "$(dirname "$slides")"; fi
  bind "$nearest"
  for path in "$extract_config" "$train_config" "$heatmap_config"; do
    [ -z "$path" ] || bind "$(dirname "$path")"
  done
  [ -z "$model" ] || bind "$model"
  bind_words
}

# plan_layer LAYER FOLDER [WORDS]: what of it is not finished
plan_layer() {
  local plan words folders known
  words=(plan "${from:=$slides}" --values --blocks "$blocks" --max-array "$max_array" --out "$2")
  [ -z "$tasks_per_array" ] || words+=(--max-tasks "$tasks_per_array")
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
  planned[$1]=$plan
  : "${cohort:=$out/logs/$(value cohort)}"  # all jobs get the same slides, whatever comes
  [ -n "$dry_run" ] || from=$cohort
}

# value NAME: of $plan, one that was planned; of a list, one on each line
value() { sed -n "s/^$1 //p" <<< "$plan"; }
count() { value "$1" | wc -l; }

# Tasks of $plan that are to be submitted, as sbatch takes them; nothing where all are finished.
open_tasks() {
  local array
  array=$(value array)
  [ -z "$all" ] || array=0-$(($(value tasks) - 1))
  echo "$array${array:+${at_once:+%$at_once}}"
}
