# Sourced by tests that cross a network: several "hosts" on one machine, each a network namespace
# with a host name of its own, one interface eth0 (10.77.0.1, .2, ...) and a cable into a bridge that
# lives in a namespace of its own. Nothing is added to the machine's own network. Needs root and ip.
# shellcheck shell=sh disable=SC2154 # names of lib.sh

hosts_prefix=lode$$

hosts_up() { # COUNT: n0, n1, ...
    hosts_count=$1
    ip netns add "${hosts_prefix}s" && ip -n "${hosts_prefix}s" link set lo up &&
        ip -n "${hosts_prefix}s" link add bridge type bridge &&
        ip -n "${hosts_prefix}s" link set bridge up || return 1
    echo "127.0.0.1 localhost" >hosts
    : >hostfile
    i=0
    while [ $i -lt "$hosts_count" ]; do
        echo "10.77.0.$((i + 1)) n$i" >>hosts
        echo "n$i slots=4" >>hostfile
        i=$((i + 1))
    done
    i=0
    while [ $i -lt "$hosts_count" ]; do
        name=${hosts_prefix}n$i
        ip netns add "$name" && mkdir -p "/etc/netns/$name" &&
            cp hosts "/etc/netns/$name/hosts" && # laid over /etc/hosts by `ip netns exec`
            ip -n "$name" link set lo up &&
            ip -n "$name" link add eth0 type veth peer name "cable$i" netns "${hosts_prefix}s" &&
            ip -n "$name" addr add "10.77.0.$((i + 1))/24" dev eth0 &&
            ip -n "$name" link set eth0 up &&
            ip -n "${hosts_prefix}s" link set "cable$i" master bridge &&
            ip -n "${hosts_prefix}s" link set "cable$i" up || return 1
        i=$((i + 1))
    done
    # stands where ssh would stand: AGENT [-OPTION]... HOST COMMAND...
    cat >agent <<AGENT
#!/bin/sh
while [ "\${1#-}" != "\$1" ]; do shift; done
host=\$1
shift
cd "$work" && exec ip netns exec "$hosts_prefix\$host" unshare --uts sh -c '
    echo "\$0" >/proc/sys/kernel/hostname; exec sh -c "\$1"' "\$host" "\$*"
AGENT
    chmod +x agent
    # every interface but the one named is the same on all hosts: loopback must not be tried
    export OMPI_MCA_plm=rsh OMPI_MCA_plm_rsh_agent="$work/agent" OMPI_MCA_pml=ob1
    export OMPI_MCA_oob_tcp_if_include=eth0 OMPI_MCA_btl_tcp_if_include=eth0
    export OMPI_MCA_btl=vader,tcp,self OMPI_MCA_hwloc_base_binding_policy=none
    export OMPI_MCA_orte_default_hostfile="$work/hostfile"
}

# on HOST COMMAND...: runs it there, with that host's name
on() {
    host=$1
    shift
    ip netns exec "$hosts_prefix$host" unshare --uts sh -c '
        echo "$0" >/proc/sys/kernel/hostname; exec "$@"' "$host" "$@"
}

# cut HOST, heal HOST: its cable, at the switch
cut_host() { ip -n "${hosts_prefix}s" link set "cable${1#n}" down; }
heal_host() { ip -n "${hosts_prefix}s" link set "cable${1#n}" up; }

hosts_down() {
    for name in $(ip netns list 2>/dev/null | cut -d' ' -f1 | grep "^$hosts_prefix"); do
        for pid in $(ip netns pids "$name"); do kill -9 "$pid" 2>/dev/null; done
        ip netns del "$name"
        rm -rf "/etc/netns/$name"
    done
    rmdir /etc/netns 2>/dev/null || true
}

# need_hosts: namespaces can be made here, or the test is skipped
need_hosts() {
    [ "$(id -u)" = 0 ] || skip "network namespaces need root"
    command -v ip >/dev/null || skip "no ip command (scripts/setup)"
    ip netns add "${hosts_prefix}t" 2>/dev/null || skip "no network namespaces can be made here"
    ip netns del "${hosts_prefix}t"
    trap 'hosts_down; leave' EXIT
}
