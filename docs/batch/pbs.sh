#!/bin/bash
# A run of lode as a job of PBS Pro or OpenPBS: four nodes, 16 workers on each. Fill in the lines
# marked <-, then: qsub pbs.sh
#PBS -N lode
#PBS -l select=4:ncpus=16:mpiprocs=16:mem=64gb
#PBS -l walltime=02:00:00
#PBS -j oe
#PBS -r y

limit_s=$((2 * 3600))   # <- the walltime above, in seconds: PBS gives no warning before it
job=opportunities       # <-
store=$HOME/web.lode    # <- where all nodes see it
run=$HOME/run1          # <- likewise; begun by the first job, gone on with by the next
memory=3G               # <- of each worker: 16 of them, and one share more for the coordinator
this=$HOME/pbs.sh       # <- this file: PBS runs a copy

cd "$PBS_O_WORKDIR" || exit 4
workers=$(wc -l <"$PBS_NODEFILE")
# which hosts, with how many slots: for the mpirun that lode starts
export OMPI_MCA_orte_default_hostfile=$PBS_NODEFILE

# Ignored until lode listens: the warning must not end it.
trap '' USR1
lode run "$job" "$store" -o "$run" --or-resume -n "$workers" --memory "$memory" &
pid=$!
told=
interrupted=
trap 'told=TERM interrupted=yes; kill -USR1 "$pid"' TERM # qdel: drain, do not go on

# Three minutes before the end: finish what runs, begin nothing.
(sleep $((limit_s - 180)) && kill -USR1 "$pid") &
timer=$!

while :; do
    interrupted=
    wait "$pid"
    status=$?
    [ -n "$interrupted" ] || break
done
kill "$timer" 2>/dev/null

# 75: stopped in good order. A next job goes on when this one is gone.
if [ "$status" -eq 75 ] && [ "$told" != TERM ]; then
    qsub -W "depend=afterany:$PBS_JOBID" "$this"
fi
exit "$status"
