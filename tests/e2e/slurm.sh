# Sourced by tests that need a batch system: a Slurm of their own on this machine, with several nodes.
# Its folder, key, socket and ports are the test's; nothing is in /etc, and loopback is all it uses.
# shellcheck shell=sh disable=SC2154 # names of lib.sh

slurm=$work/slurm
slurm_pids=

# A daemon in the foreground, as a child of ours that ends with us, however we end. It must not lie in
# the test's folder, or the tests would take it for one of theirs.
slurm_daemon() {
    daemon_log=$slurm/log/$1
    shift
    (cd / && exec setpriv --pdeathsig KILL "$@") >"$daemon_log" 2>&1 </dev/null &
    slurm_pids="$slurm_pids $!"
}

# slurm_up COUNT: nodes c1, c2, ... of two cores each, once they are idle.
slurm_up() {
    for program in slurmctld slurmd munged; do
        command -v $program >/dev/null || skip "no $program here (scripts/setup)"
    done
    slurm_count=$1
    mkdir -p "$slurm/state" "$slurm/spool" "$slurm/log" "$slurm/munge" "$slurm/cgroup/systemd"
    (umask 077 && head -c 1024 /dev/urandom >"$slurm/munge/key")
    # ports that are free now: who takes one in the meantime shows as a daemon that does not come up
    # shellcheck disable=SC2046 # a list
    set -- $("$python" -c 'import socket, sys
held = [socket.socket() for _ in range(int(sys.argv[1]))]
for s in held: s.bind(("127.0.0.1", 0))
print(*[s.getsockname()[1] for s in held])' $((slurm_count + 1)))
    host=$(uname -n | cut -d. -f1)
    {
        slurm_conf "$host" "$1"
        i=0
        while [ $i -lt "$slurm_count" ]; do
            i=$((i + 1))
            shift
            echo "NodeName=c$i NodeHostname=$host NodeAddr=127.0.0.1 Port=$1 CPUs=2 RealMemory=4000"
        done
        echo "PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP OverSubscribe=NO"
    } >"$slurm/slurm.conf"
    # slurmd wants a cgroup folder even where nothing uses it: in a container there may be none
    printf 'CgroupPlugin=cgroup/v1\nCgroupMountpoint=%s/cgroup\nCgroupAutomount=no\nConstrainCores=no\n' \
        "$slurm" >"$slurm/cgroup.conf"
    export SLURM_CONF="$slurm/slurm.conf"
    slurm_watch
    # all nodes have this machine's name: shared memory between "nodes" would meet itself
    export OMPI_MCA_btl=tcp,self OMPI_MCA_pml=ob1 OMPI_MCA_hwloc_base_binding_policy=none
    slurm_daemon munged munged --foreground --force --num-threads=2 --key-file="$slurm/munge/key" \
        --socket="$slurm/munge/socket" --pid-file="$slurm/munge/pid" --seed-file="$slurm/munge/seed"
    slurm_wait '[ -S "$slurm/munge/socket" ]' || return 1
    slurm_daemon slurmctld slurmctld -D -c
    i=0
    while [ $i -lt "$slurm_count" ]; do
        i=$((i + 1))
        mkdir "$slurm/spool/c$i"
        slurm_daemon "c$i" slurmd -D -N "c$i"
    done
    slurm_wait '[ "$(sinfo -h -t idle -o %D)" = "$slurm_count" ]'
}

# slurm_conf HOST PORT: cluster-wide. cred_expire: a job that was requeued waits that long (usually 120 s, at least 5).
slurm_conf() {
    cat <<CONF
ClusterName=lode
SlurmctldHost=$1(127.0.0.1)
SlurmctldPort=$2
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/munge
AuthInfo=socket=$slurm/munge/socket,cred_expire=5
CredType=cred/munge
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
SlurmctldPidFile=$slurm/slurmctld.pid
SlurmdPidFile=$slurm/slurmd.%n.pid
SlurmdSpoolDir=$slurm/spool/%n
StateSaveLocation=$slurm/state
TmpFS=$slurm/spool/%n
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0
MpiDefault=none
SwitchType=switch/none
ReturnToService=0
SlurmctldTimeout=60
SlurmdTimeout=60
InactiveLimit=0
KillWait=5
MinJobAge=600
SlurmdParameters=config_overrides
CONF
}

# slurm_wait CONDITION: polls for it, half a minute.
slurm_wait() {
    patience=$(($(date +%s) + 30)) # a Slurm that is not there takes seconds to say so
    until eval "$1" 2>/dev/null; do
        [ "$(date +%s)" -lt $patience ] || { echo "this did not come about: $1"; tail -n 5 "$slurm"/log/*; return 1; }
        sleep 0.1 # asking again, of processes that are not our children
    done
}

# Processes of this Slurm whose environment has that line, too.
slurm_processes() {
    grep -lzxsF -e "$1" /proc/[0-9]*/environ 2>/dev/null | while IFS=/ read -r _ _ pid _; do
        [ "$pid" = $$ ] || ! grep -qzxsF -e "SLURM_CONF=$slurm/slurm.conf" "/proc/$pid/environ" ||
            echo "$pid"
    done
}

# slurm_lose NODE: everything of the node ends at once, as in a power cut; then Slurm is told, who would
# otherwise notice after SlurmdTimeout. First the daemons, or they would tell that the rest has died.
slurm_lose() {
    victims=$(slurm_processes "SLURMD_NODENAME=$1")
    daemons=$(slurm_processes "SLURM_CONF=$slurm/slurm.conf" |
        while read -r pid; do
            [ "$(tr '\0' ' ' <"/proc/$pid/cmdline")" != "slurmd -D -N $1 " ] || echo "$pid"
        done)
    for pid in $victims; do # their slurmstepd, which has no such variable
        above=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$pid/status" 2>/dev/null)
        case $(cat "/proc/${above:-0}/comm" 2>/dev/null) in
        slurmstepd*) daemons="$daemons $above" ;;
        esac
    done
    # shellcheck disable=SC2086 # ids
    kill -9 $daemons $victims 2>/dev/null || true # some are gone with the others
    scontrol update nodename="$1" state=down reason=lost
}

# job_field JOB NAME: of `scontrol show job`.
job_field() {
    timeout 10 scontrol show job "$1" 2>/dev/null | tr ' ' '\n' | sed -n "s/^$2=//p"
}

# job_ended JOB: waits until it has, a minute and a half; says how: "COMPLETED 0:0".
job_ended() {
    patience=$(($(date +%s) + 90))
    while :; do
        case $(job_field "$1" JobState) in
        COMPLETED | FAILED | CANCELLED | TIMEOUT | NODE_FAIL) break ;;
        esac
        [ "$(date +%s)" -lt $patience ] || { timeout 10 scontrol show job "$1"; return 1; }
        sleep 0.1 # asking again, of a job that is not our child
    done
    echo "$(job_field "$1" JobState) $(job_field "$1" ExitCode)"
}

slurm_down() {
    [ -e "$slurm/slurm.conf" ] || return 0
    timeout 5 scancel -u "$(id -un)" 2>/dev/null
    patience=20
    while [ $patience -gt 0 ] && slurm_processes "SLURM_CONF=$slurm/slurm.conf" |
        xargs -r ps -o comm= -p | grep -q slurmstepd; do
        patience=$((patience - 1))
        sleep 0.1 # waiting for processes that are not our children
    done
    slurm_kill
}

slurm_kill() {
    for pid in $slurm_pids $(slurm_processes "SLURM_CONF=$slurm/slurm.conf"); do
        kill -9 "$pid" 2>/dev/null
    done
}

# A test that is killed takes its daemons along, but not those that they have started for jobs.
slurm_watch() {
    (
        trap '' INT TERM
        trap - EXIT
        unset SLURM_CONF
        cd / || exit
        while kill -0 $$ 2>/dev/null; do
            sleep 1 # another process's end, which nobody tells
        done
        slurm_pids=
        slurm_kill
    ) >/dev/null 2>&1 </dev/null &
}
