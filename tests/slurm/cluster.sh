#!/usr/bin/env bash
# A real SLURM of two nodes on this one machine, for tests.
#
#   tests/slurm/cluster.sh start FOLDER     # prints what to put into SLURM_CONF
#   tests/slurm/cluster.sh stop FOLDER
#   tests/slurm/cluster.sh install          # on Debian, as root
#
# Ends with 77 where it cannot be had, and says why. All of it listens on the loopback
# interface; FOLDER holds the configuration, the logs and the process ids of what was started.
set -euo pipefail

absent() { echo "no SLURM here: $*" >&2; exit 77; }

install() {
  command -v slurmctld slurmd srun munged >/dev/null && return
  [ "$(id -u)" = 0 ] || absent 'slurmctld, slurmd, srun and munged are not installed, and only root may'
  command -v apt-get >/dev/null || absent 'slurmctld, slurmd, srun and munged are not installed, and there is no apt-get'
  { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
    slurmctld slurmd slurm-client munge; } >/dev/null 2>&1 || absent 'apt-get could not install it'
}

# A free port; four in a row are taken from it.
free_port() {
  local port
  for port in $(shuf -i 20000-30000 -n 50); do
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
  done
  absent 'no free port'
}

start() {
  [ "$(id -u)" = 0 ] || absent 'its daemons are started as root'
  for program in slurmctld slurmd srun munged; do
    command -v $program >/dev/null || absent "$program is not installed"
  done
  local folder port memory
  folder=$(mkdir -p "$1" && cd "$1" && pwd)
  port=$(free_port)
  memory=$(($(awk '/MemTotal/ {print $2}' /proc/meminfo) / 1024 / 4))
  mkdir -p "$folder/state"
  [ -f "$folder/munge.key" ] || (umask 077 && head -c 128 /dev/urandom > "$folder/munge.key")
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
ReturnToService=2
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
KillWait=5
InactiveLimit=0
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool.%n
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.%n.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.%n.log
NodeName=n1 NodeAddr=127.0.0.1 NodeHostname=$(hostname) Port=$((port + 1)) CPUs=1 RealMemory=$memory
NodeName=n2 NodeAddr=127.0.0.1 NodeHostname=$(hostname) Port=$((port + 2)) CPUs=1 RealMemory=$memory
PartitionName=test Nodes=n1,n2 Default=YES MaxTime=10 State=UP
CONF
  export SLURM_CONF=$folder/slurm.conf
  munged --force --key-file="$folder/munge.key" --socket="$folder/munge.socket" \
    --pid-file="$folder/munged.pid" --log-file="$folder/munged.log" --seed-file="$folder/munged.seed"
  slurmctld -c
  slurmd -N n1
  slurmd -N n2
  for _ in $(seq 100); do
    if [ "$(sinfo --noheader --format=%D --states=idle 2>/dev/null)" = 2 ]; then
      echo "$SLURM_CONF"
      return
    fi
    sleep 0.2
  done
  tail -n 5 "$folder"/*.log >&2
  stop "$folder"
  absent 'its nodes did not come up'
}

# Only what was started from this folder, by its number.
stop() {
  local file pid
  for file in "$1"/slurmd.*.pid "$1/slurmctld.pid" "$1/munged.pid"; do
    [ -f "$file" ] || continue
    pid=$(cat "$file")
    kill "$pid" 2>/dev/null || continue
    for _ in $(seq 50); do
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.1
    done
    kill -KILL "$pid" 2>/dev/null || true
  done
}

case ${1:-} in
  install) install ;;
  start) start "$2" ;;
  stop) stop "$2" ;;
  *) echo "usage: $0 install | start FOLDER | stop FOLDER" >&2; exit 2 ;;
esac
