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
  local parts word before=''
  split "$2"
  for word in ${parts[@]+"${parts[@]}"}; do
    case $1=${word%%=*} in
      *=--out | *=--config | *=--model | *=--blocks | *=--shard | *=--overwrite | *=--dry-run | \
        *=--held-out | --train-words=--patches)
        die "$1: expected options that $0 does not give itself, or plan for; found $word" ;;
      *=-- | *=--help | *=-h | *=--version)
        die "$1: expected options that say how something is done; found $word" ;;
    esac
    case $before:$word in
      *:-* | --[!=]*:*) ;;
      *) die "$1: expected options, each with one value at most; found $word" ;;
    esac
    before=${word/*=*/}
  done
}

# check_commands: whether those of the stages know these words; they say what they do not
check_commands() {
  local stage parts
  for stage in extract train heatmap; do
    [ -z "$model" ] || [ "$stage" = heatmap ] || continue
    words_of "$stage"
    [ ${#parts[@]} = 0 ] || run "${script[$stage]}" "$stage" --help "${parts[@]}" > /dev/null ||
      die "--$stage-words: expected options of ${script[$stage]/_/-} $stage, as it says above"
  done
}

# words_of STAGE: sets $parts to its words; files and folders are told from the root
words_of() {
  local at word value before=''
  split "${words_for[$1]:-}"
  for ((at = 0; at < ${#parts[@]}; at++)); do
    word=${parts[at]}
    case $before:$word in
      --masks:* | --patches:* | --scratch:*) value=$word ;;
      *:--masks=* | *:--patches=* | *:--scratch=*) value=${word#*=} ;;
      --set:* | *:--set=*) value=${word##*=} && is_path "$value" || value='' ;;
      *) value='' ;;
    esac
    case $value in
      '' | /* | *\$*) ;;
      *) parts[at]=${word%"$value"}$(realpath -ms -- "$value") ;;
    esac
    before=$word
  done
}

# is_path VALUE: of a setting; the name of a method or network may be that of a file, too
is_path() { [[ -e $1 && $1 == *[/.][[:alpha:]]* ]]; }

# planning_words STAGE: sets $parts to those of its words that change what is planned
planning_words() {
  local word value='' kept=()
  words_of "$1"
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
    words_of "$stage"
    for word in ${parts[@]+"${parts[@]}"}; do
      [[ $word =~ (^|=)(/.*)$ ]] || continue
      path=${BASH_REMATCH[2]}
      if [ -d "$path" ]; then bind "$path"; elif [ -e "$path" ]; then bind "${path%/*}"; fi
    done
  done
}
