# What is said of a mistake, and words as one would type them.

die() { echo "error: $*" >&2; exit 2; }

# show WORDS: on one line, quoted where a shell asks for it
show() {
  local word typed=()
  for word in "$@"; do
    [[ $word =~ ^[[:alnum:]%+,./:=@_-]+$ ]] || word=$(printf '%q' "$word")
    typed+=("$word")
  done
  echo "${typed[*]}"
}
