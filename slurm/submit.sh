#!/usr/bin/env bash
# Send a cohort through all three layers, as jobs that depend on one another.
#
#   slurm/submit.sh SLIDES --out OUT [--extract-config F] [--train-config F] [--heatmap-config F]
#     [--model BUNDLE] [--images DIR] [--blocks K] [--units-per-task U] [--max-tasks N]
#     [--at-once M] [--sbatch WORDS] [--extract-sbatch WORDS] [--train-sbatch WORDS]
#     [--heatmap-sbatch WORDS] [--extract-words WORDS] [--train-words WORDS]
#     [--heatmap-words WORDS] [--max-failed SHARE] [--held-out] [--retry-failed]
#     [--all] [--dry-run]
#
# SLIDES         a folder of slides or, better, a cohort CSV; jobs get copies of what it and the
#                configurations say now
# --out          gets layer1/, layer2/, layer3/ and logs/; every node must see it
# --model        a bundle: nothing is extracted or trained, only heatmaps and report are made
# --images       folder of layer1_extract.sif, layer2_train.sif and layer3_infer.sif; without it the
#                commands on PATH are run
# --max-tasks    jobs that all of this may be in the queue, where a user may have no more
# --at-once      tasks of an array that may run at the same time
# --sbatch       further words for sbatch, such as '--account=a --time=8:00:00', for every job;
# --...-sbatch   behind them, for one stage, such as '--partition=gpu --gpus-per-node=4'
# --...-words    further words for the command of a stage, such as '--scratch $SLURM_TMPDIR', whose
#                variable in single quotes is that of the node, or '--masks FOLDER'
# --max-failed   share of the slides that may fail, 0 to 1; where more do, nothing is trained, or
#                the report's job fails [0.1]; one slide may always fail
# --held-out     compare with annotations only those slides that the model was not trained on
# --retry-failed do slides again that failed
# --all          submit every task: each looks whether its slides' files are whole
# --dry-run      print every sbatch line, submit nothing
#
# The same line again submits what is not finished, as the files in OUT tell, and not in the queue:
# also slides of which SLIDES says something else by now. Where OUT has a model of other patches or
# another configuration, or patches of slides that SLIDES lacks, it ends and says what to do.
# Ends with 1 where sbatch refuses a job, with 2 where something is wrong before.
# shellcheck source-path=SCRIPTDIR
set -euo pipefail

here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
source "$here/submit/messages.sh"  # mistakes, and words as one would type them
source "$here/submit/words.sh"     # further words for the commands
source "$here/submit/options.sh"   # the words of the command line
source "$here/submit/site.sh"      # what must be there: programs, files, room, a cluster
source "$here/submit/configs.sh"   # copies of the configurations
source "$here/submit/layers.sh"    # what a layer is asked and plans
source "$here/submit/results.sh"   # what OUT holds, against what is about to be done
source "$here/submit/queue.sh"     # what is in the queue by now
source "$here/submit/jobs.sh"      # a job's sbatch line, dependency and number
source "$here/submit/stages.sh"    # extract, merge, train, heatmap, report

usage() { sed -n '4,33s/^# \{0,1\}//p' "$0"; }

main() {
  read_options "$@"
  look_at_site
  jobs=$out/logs/jobs bundle=${model:-$out/layer2/bundle}
  [ -n "$dry_run" ] || claim_out
  copy_configurations
  choose_programs
  queue=$(ask_queue) || die 'squeue does not answer'
  look_at_work
  if [ -z "$model" ]; then
    extract
    merge
    train
  fi
  heatmap
  report
  say_how_to_go_on
}

# Every layer is asked before anything is submitted: it may refuse its configuration or results.
look_at_work() {
  check_commands
  if [ -z "$model" ]; then
    check_training || exit 2
    plan_patches
    refuse_mixture
  fi
  plan_heatmaps
}

plan_patches() {
  local parts
  planning_words extract
  plan_layer layer1_extract "$out/layer1" --no-look ${extract_config:+--config "$extract_config"} \
    ${parts[@]+"${parts[@]}"}
}

# Heatmaps of a model that is not there yet cannot be held against it.
plan_heatmaps() {
  local parts against=''
  if [ -n "$model" ] || [ -e "$bundle/bundle.json" ]; then against=yes; fi
  planning_words heatmap
  plan_layer layer3_infer "$out/layer3" ${heatmap_config:+--config "$heatmap_config"} \
    ${against:+--model "$bundle"} ${parts[@]+"${parts[@]}"}
}

say_how_to_go_on() {
  echo "watch:  squeue --name=$names"
  if [ -z "$model" ]; then
    say_status layer1_extract "$out/layer1"
    say_status layer2_train "$out/layer2"
  fi
  say_status layer3_infer "$out/layer3"
  echo "watch:  tail -F $(show "$out/logs")/*.log"
  echo 'resume: the same line again, for what is not finished'
}

# say_status LAYER FOLDER: the line that tells, from the files there, what is done
say_status() {
  local command
  command_of "$1"
  [ -z "$images" ] || command=(env "APPTAINER_BIND=$APPTAINER_BIND" "${command[@]}")
  echo "watch:  $(show "${command[@]}" status "$2")"
}

main "$@"
