#!/usr/bin/env bash
# A real SLURM of two nodes on this one machine, for tests.
#
#   tests/slurm/cluster.sh start FOLDER            # prints what to put into SLURM_CONF
#   tests/slurm/cluster.sh kill-node FOLDER n2     # as if its plug were pulled
#   tests/slurm/cluster.sh start-node FOLDER n2
#   tests/slurm/cluster.sh stop FOLDER
#   tests/slurm/cluster.sh install                 # on Debian, as root
#
# Ends with 77 where it cannot be had, and says why. All of it listens on the loopback
# interface; FOLDER holds the configuration, the logs and the process ids of what was started.
# It waits long for daemons that a busy machine holds up: who kills a node tells it that it is down,
# and who does not want to wait for what was put back into the queue says when it may start.
set -euo pipefail

absent() { echo "no SLURM here: $*" >&2; exit 77; }

install() {
  command -v slurmctld slurmd srun munged >/dev/null && return
  local missing='slurmctld, slurmd, srun and munged are not installed'
  [ "$(id -u)" = 0 ] || absent "$missing, and only root may"
  command -v apt-get >/dev/null || absent "$missing, and there is no apt-get"
  { apt-get update; DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
    -o DPkg::Lock::Timeout=600 slurmctld slurmd slurm-client munge; } >/dev/null 2>&1 ||
    absent 'apt-get could not install it'
}

taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# The first of three free ports in a row.
free_ports() {
  local port
  for port in $(shuf -i 20000-30000 -n 50); do
    taken "$port" || taken $((port + 1)) || taken $((port + 2)) || { echo "$port"; return; }
  done
  absent 'no free ports'
}

# Nodes of two cores each, whatever the machine has. Jobs that are over can be asked about for
# MinJobAge seconds. Jobs of the partition high take the nodes from those of test, which are told
# two seconds before.
configure() {
  local folder=$1 port memory
  port=$(free_ports)
  memory=$(($(awk '/MemTotal/ {print $2}' /proc/meminfo) / 1024 / 4))
  cat > "$folder/slurm.conf" <<CONF
ClusterName=camnet
SlurmctldHost=$(hostname)(127.0.0.1)
SlurmctldPort=$port
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/munge.socket
CryptoType=crypto/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/builtin
SchedulerParameters=sched_interval=1,batch_sched_delay=0
PreemptType=preempt/partition_prio
PreemptMode=CANCEL
SlurmdParameters=config_overrides
ReturnToService=2
SlurmdTimeout=300
MessageTimeout=60
KillWait=30
MinJobAge=86400
InactiveLimit=0
MaxArraySize=20
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool.%n
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.%n.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.%n.log
NodeName=DEFAULT CPUs=2 RealMemory=$memory
NodeName=n1 NodeAddr=127.0.0.1 NodeHostname=$(hostname) Port=$((port + 1))
NodeName=n2 NodeAddr=127.0.0.1 NodeHostname=$(hostname) Port=$((port + 2))
PartitionName=DEFAULT Nodes=n1,n2 DefaultTime=10 MaxTime=1-0 State=UP
PartitionName=test Default=YES GraceTime=2
PartitionName=high PriorityTier=2
CONF
}

start() {
  [ "$(id -u)" = 0 ] || absent 'its daemons are started as root'
  for program in slurmctld slurmd srun munged; do
    command -v $program >/dev/null || absent "$program is not installed"
  done
  folder=$(mkdir -p "$1/state" && cd "$1" && pwd)
  trap 'stop "$folder"' EXIT
  [ -f "$folder/munge.key" ] || (umask 077 && head -c 128 /dev/urandom > "$folder/munge.key")
  configure "$folder"
  export SLURM_CONF=$folder/slurm.conf
  munged --force --key-file="$folder/munge.key" --socket="$folder/munge.socket" \
    --pid-file="$folder/munged.pid" --log-file="$folder/munged.log" \
    --seed-file="$folder/munged.seed"
  slurmctld -c
  slurmd -N n1
  slurmd -N n2
  for _ in $(seq 300); do
    # a node that has not answered yet has a star
    if [ "$(sinfo --Node --noheader --format='%N %T' 2>/dev/null | sort -u)" = $'n1 idle\nn2 idle' ]; then
      trap - EXIT
      echo "$SLURM_CONF"
      return
    fi
    sleep 0.2
  done
  tail -n 5 "$folder"/*.log >&2
  absent 'its nodes did not come up'
}

# What jobs of this SLURM started on a node, by number.
tasks_of() {
  local file environment
  for file in /proc/[0-9]*/environ; do
    environment=$(tr '\0' '\n' 2>/dev/null < "$file") || continue
    grep -qxF "SLURM_CONF=$1/slurm.conf" <<< "$environment" || continue
    grep -qxF "SLURMD_NODENAME=$2" <<< "$environment" || continue
    basename "$(dirname "$file")"
  done
}

# First those who could tell of the end of the others: slurmd, then those between it and the tasks.
kill_node() {
  local folder tasks task parent above
  folder=$(cd "$1" && pwd)
  tasks=$(tasks_of "$folder" "$2")
  while [ -n "$tasks" ] || [ -f "$folder/slurmd.$2.pid" ]; do
    above=()
    for task in $tasks; do
      parent=$(awk '/^PPid:/ {print $2}' "/proc/$task/status" 2>/dev/null) || continue
      [ "$(cat "/proc/$parent/comm" 2>/dev/null)" != slurmstepd ] || above+=("$parent")
    done
    # shellcheck disable=SC2046,SC2086
    kill -KILL $(cat "$folder/slurmd.$2.pid" 2>/dev/null) ${above[@]+"${above[@]}"} $tasks \
      2>/dev/null || true
    rm -f "$folder/slurmd.$2.pid"  # the number may be another's by the next time
    tasks=$(tasks_of "$folder" "$2")  # what was being started meanwhile
  done
}

start_node() {
  SLURM_CONF=$(cd "$1" && pwd)/slurm.conf slurmd -N "$2"
}

# Whether a process runs; one that ended and that nobody asked about is none.
runs() { grep -q '^State:[[:space:]]*[^Z]' "/proc/$1/status" 2>/dev/null; }

# Only what was started from this folder, by its number.
stop() {
  local file pid
  kill_node "$1" n1
  kill_node "$1" n2
  for file in "$1/slurmctld.pid" "$1/munged.pid"; do
    [ -f "$file" ] || continue
    pid=$(cat "$file")
    kill "$pid" 2>/dev/null || continue
    for _ in $(seq 10); do
      runs "$pid" || break
      sleep 0.1
    done
    ! runs "$pid" || kill -KILL "$pid" 2>/dev/null || true
    rm -f "$file"
  done
}

case ${1:-} in
  install) install ;;
  start) start "$2" ;;
  kill-node) kill_node "$2" "$3" ;;
  start-node) start_node "$2" "$3" ;;
  stop) stop "$2" ;;
  *)
    echo "usage: $0 install | start FOLDER | {kill,start}-node FOLDER NODE | stop FOLDER" >&2
    exit 2
    ;;
esac
