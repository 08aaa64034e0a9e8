# The words of the command line: each option is a variable of its name, empty where not given.

slides='' out='' extract_config='' train_config='' heatmap_config='' model='' images=''
blocks=1 units_per_task='' max_tasks='' at_once='' max_failed=0.1
held_out='' retry_failed='' all='' dry_run=''
declare -A own=() words_for=()  # words for sbatch, and for the commands of the layers, by stage

read_options() {
  while [ $# -gt 0 ]; do
    check_option "$@"
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
      --extract-words) words_for[extract]=$2 && shift ;;
      --train-words) words_for[train]=$2 && shift ;;
      --heatmap-words) words_for[heatmap]=$2 && shift ;;
      --max-failed) max_failed=$2 && shift ;;
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
}

# check_option OPTION [VALUE]: whether it has a value, where it needs one, and one that will do
check_option() {
  case $1 in
    --out | --extract-config | --train-config | --heatmap-config | --model | --images | --blocks | \
      --units-per-task | --max-tasks | --at-once | --max-failed | --sbatch | --*-sbatch | --*-words)
      [ $# -gt 1 ] || die "$1 needs a value" ;;
  esac
  case $1 in
    --blocks | --units-per-task | --max-tasks | --at-once)
      [[ $2 =~ ^[1-9][0-9]*$ ]] || die "$1: expected a number greater than 0, found $2" ;;
    --max-failed)
      [[ $2 =~ ^(0?\.[0-9]+|[01](\.0*)?)$ ]] || die "$1: expected a share from 0 to 1, found $2" ;;
    --sbatch | --*-sbatch | --*-words)
      [[ $2 != *[\"\'\\]* ]] || die "$1: expected words without quotes or backslashes, found $2" ;;
  esac
  case $1 in
    --sbatch | --*-sbatch) check_cluster "$1" "$2" ;;
    --*-words) check_words "$1" "$2" ;;
  esac
}
