#!/bin/bash
# A run of lode on hosts that can be reached by ssh without a password, without a batch system. Fill
# in the lines marked <-, then: nohup bash hosts.sh >run1.log 2>&1 &
#
# lode, store and run directory have the same paths on all hosts (NFS or the like).

job=opportunities       # <-
store=$HOME/web.lode    # <-
run=$HOME/run1          # <- begun by the first call, gone on with by the next
hosts=$HOME/hosts       # <- one line a host: n1 slots=16
workers=32              # <- in all; each slot takes one, the coordinator comes on top

export OMPI_MCA_orte_default_hostfile=$hosts
# mpirun and lode choose networks by themselves; where they choose badly:
# export OMPI_MCA_oob_tcp_if_include=eth0 OMPI_MCA_btl_tcp_if_include=eth0, and --interface eth0

# To stop in good order: kill -USR1, once. To go on: the same call again. More workers, from any host:
# lode worker --join "$run" --workers 4
exec lode run "$job" "$store" -o "$run" --or-resume -n "$workers"
