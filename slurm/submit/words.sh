# Further words for the commands of the layers, which a person gives for a stage.

# split WORDS: sets $parts to them; they are split at spaces, and a * stands for itself
split() { read -rd '' -a parts <<< "$1" || true; }

# check_cluster OPTION WORDS: none that sends a job where squeue is not asked for it
check_cluster() {
  local parts word
  split "$2"
  for word in ${parts[@]+"${parts[@]}"}; do
    case $word in
      -M* | --cluster | --clusters | --cluster=* | --clusters=*)
        die "$1: expected words for the cluster of this machine, whose queue tells what is there;" \
          "found $word. Run this on a login node of that cluster" ;;
    esac
  done
}

# check_words OPTION WORDS: none that this says itself, or that undoes what it plans
check_words() {
  local parts word
  split "$2"
  case ${parts[0]--} in -*) ;; *) die "$1: expected options, found ${parts[0]}" ;; esac
  for word in ${parts[@]+"${parts[@]}"}; do
    case $1=${word%%=*} in
      *=--out | *=--config | *=--model | *=--blocks | *=--shard | *=--overwrite | *=--dry-run | \
        *=--held-out | --train-words=--patches)
        die "$1: expected options that $0 does not give itself, or plan for; found $word" ;;
    esac
  done
}

# planning_words STAGE: sets $parts to those of its words that change what is planned
planning_words() {
  local word value='' kept=()
  split "${words_for[$1]:-}"
  for word in ${parts[@]+"${parts[@]}"}; do
    case $value:$word in
      yes:* | :--masks=* | :--mpp=* | :--set=*) kept+=("$word") value='' ;;
      :--masks | :--mpp | :--set) kept+=("$word") value=yes ;;
    esac
  done
  parts=(${kept[@]+"${kept[@]}"})
}

# bind_words: containers see what is there of the files and folders that words name
bind_words() {
  local stage parts word path
  for stage in extract train heatmap; do
    split "${words_for[$stage]:-}"
    for word in ${parts[@]+"${parts[@]}"}; do
      path=$(realpath -ms -- "${word#--*=}")
      if [ -d "$path" ]; then bind "$path"; elif [ -e "$path" ]; then bind "${path%/*}"; fi
    done
  done
}
