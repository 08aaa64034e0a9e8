# What OUT holds by now, held against what is about to be done.

# newer FILE FOLDER: whether a file is there and no outcome in the folder is newer
newer() { [ -f "$1" ] && [ -z "$(find "$2" -newer "$1" -name '[!.]*.json' -print -quit)" ]; }

# ended_well FOLDER SHORT [FILES]: whether a job of the words that are so in short has written that
# it ended well, and these files
ended_well() {
  local file
  [ "$(cat "$1/.finished" 2> /dev/null)" = "$2" ] || return 1
  for file in .finished "${@:3}"; do
    newer "$1/$file" "$1/outcomes" || return 1
  done
}

# Before anything is submitted: slides or models that do not go together are not mixed.
refuse_mixture() {
  local plan=${planned[layer1_extract]}
  refuse_strangers
  refuse_other_slides
  refuse_other_model
}

refuse_strangers() {
  local others named
  others=$(count strangers)
  [ "$others" -gt 0 ] || return 0
  named=$(value strangers | sed -n 1,5p | paste -sd ' ')
  [ "$others" -le 5 ] || named+=' ...'
  die "$out/layer1 has patches of $others slides that $slides lacks: $named." \
    'Nothing may be trained on them unasked. Name them there, or move their patches aside:' \
    "layer1-extract merge $(show "$out/layer1") --cohort $(show "$slides") --set-others-aside"
}

refuse_other_slides() {
  local unknown
  unknown=$(($(value new) + $(value changed)))
  [ ! -e "$out/layer2/splits.csv" ] || [ "$unknown" = 0 ] ||
    die "$out/layer2 was trained without $unknown slides that are new, changed or tried again." \
      "To train anew, move $(show "$out/layer2" "$out/layer3") away. For heatmaps of the model" \
      "as it is: --model $(show "$out/layer2/bundle")"
}

refuse_other_model() {
  [ -f "$out/layer2/bundle/bundle.json" ] || [ ! -e "$out/layer3/run.json" ] ||
    die "$out/layer3 has heatmaps of a model that is no longer in $out/layer2. Move" \
      "$(show "$out/layer3") away to make them of the model that is to be trained, or give that" \
      'model with --model'
}

# check_training [WORDS]: layer 2 says whether the configuration goes with OUT
check_training() {
  local parts
  planning_words train
  run layer2_train check ${train_config:+--config "$train_config"} ${parts[@]+"${parts[@]}"} "$@" \
    --out "$out/layer2" > /dev/null
}

# Whether the model is there, and of these patches; where some were written since, layer 2 looks.
trained() {
  local written
  [ -f "$bundle/bundle.json" ] || return 1
  if [ -n "${job[extract]:-}${job[merge]:-}" ]; then
    echo "train: $bundle is there; the job only makes sure that it is of these patches, and fails" \
      'where it is not'
    return 1
  fi
  written=$(find "$out/layer1/patches" -maxdepth 1 ! -name '.*' -newer "$bundle/bundle.json" \
    -print -quit)
  [ -n "$written" ] || return 0
  check_training --patches "$out/layer1" || die "the model in $out/layer2 is not of the patches" \
    "in $out/layer1, as it says above. Move $(show "$out/layer2" "$out/layer3") away to train anew"
}
