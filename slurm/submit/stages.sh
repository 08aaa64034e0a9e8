# The stages of a cohort: each says what is left, and is finished, in the queue or submitted.

extract() {
  local plan=${planned[layer1_extract]}
  echo "$(value slides) slides, $(value units_left) of $(value units) slides or parts to extract" \
    "in $(value tasks_left) tasks; $(value changed) changed since, $(value failed_before) failed" \
    "before, $(value absent) not there"
  if [ -z "$(open_tasks)" ]; then
    echo "extract: finished, $out/layer1"
  else
    submit extract '' "$cohort" --out "$out/layer1" --blocks "$blocks" \
      ${config[extract]:+--config "${config[extract]}"}
  fi
}

merge() {
  local words=("$out/layer1" --join --cohort "$cohort" --max-failed "$max_failed")
  if [ -z "${job[extract]:-}" ] && ended_well "$out/layer1" "$(short "${words[@]}")"; then
    echo 'merge: finished'
  else
    submit merge "$(after afterany extract)" "${words[@]}"
  fi
}

train() {
  if trained; then
    echo "train: finished, $out/layer2/bundle"
  else
    submit train "$(after afterok merge)" --patches "$out/layer1" --out "$out/layer2" \
      ${config[train]:+--config "${config[train]}"}
  fi
}

heatmap() {
  local plan=${planned[layer3_infer]}
  echo "$(value slides) slides, $(value units_left) of $(value units) slides or parts without a" \
    "heatmap in $(value tasks_left) tasks; $(value changed) changed since," \
    "$(value failed_before) failed before"
  [ "$(count strangers)" = 0 ] || echo "$out/layer3 has results of $(count strangers) slides that" \
    "$slides lacks, and the report shows them"
  if [ -z "$(open_tasks)" ]; then
    echo "heatmap: finished, $out/layer3"
  else
    submit heatmap "$(after afterok train)" "$cohort" --out "$out/layer3" --blocks "$blocks" \
      ${config[heatmap]:+--config "${config[heatmap]}"} --model "$bundle"
  fi
}

report() {
  local plan=${planned[layer3_infer]} both written=(report.html)
  local words=("$out/layer3" --cohort "$cohort" --max-failed "$max_failed" --model "$bundle")
  if [ "$(value annotated)" -gt 0 ]; then
    words+=(--annotations "$cohort" -- --annotations "$cohort" ${held_out:+--held-out})
    written+=(evaluation.json)
  fi
  if [ -z "${job[heatmap]:-}" ] &&
    ended_well "$out/layer3" "$(short "${words[@]}")" "${written[@]}"; then
    echo "report: finished, $out/layer3/report.html"
    return
  fi
  both=$(after afterok train) both=${both:+$both,}$(after afterany heatmap)
  submit report "${both%,}" "${words[@]}"
}
