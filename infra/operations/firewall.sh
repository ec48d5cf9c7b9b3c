#!/usr/bin/env bash
# Lets only SSH, HTTP and HTTPS in from outside. Docker publishes ports past INPUT and ufw; DOCKER-USER is where a rule
# holds for them, too. Run as root, at every start after Docker; safe to repeat.
#
#   infra/operations/firewall.sh [--remove]
#   WAN_INTERFACE (that of the default route), OPEN_PORTS ("22 80 443")
set -euo pipefail

wan=${WAN_INTERFACE:-$(ip route show default | awk '{ print $5; exit }')}
open_ports=${OPEN_PORTS:-22 80 443}
chain=TUM-CHATBOT
[ -n "$wan" ] || {
    echo 'No default route: set WAN_INTERFACE' >&2
    exit 1
}

without() { # without PROGRAM: nothing holds without iptables, and IPv6 may be off on this machine
    echo "$1 cannot be used here: $("$1" -w -n -L INPUT 2>&1 | head -n 1)" >&2
    [ "$1" != iptables ] || exit 1
}

unguarded=
for iptables in iptables ip6tables; do
    "$iptables" -w -n -L INPUT >/dev/null 2>&1 || {
        without "$iptables"
        continue
    }
    run() { "$iptables" -w "$@"; }
    for parent in INPUT DOCKER-USER; do
        run -n -L "$parent" >/dev/null 2>&1 || continue
        while run -D "$parent" -i "$wan" -j "$chain" 2>/dev/null; do :; done
    done
    run -F "$chain" 2>/dev/null && run -X "$chain"
    [ "${1:-}" != --remove ] || continue

    run -N "$chain"
    run -A "$chain" -m conntrack --ctstate ESTABLISHED,RELATED -j RETURN
    # By the port that the client asked for: Docker has put another in its place by now.
    for port in $open_ports; do run -A "$chain" -p tcp -m conntrack --ctorigdstport "$port" -j RETURN; done
    if [ "$iptables" = ip6tables ]; then run -A "$chain" -p ipv6-icmp -j RETURN; else run -A "$chain" -p icmp -j RETURN; fi
    run -A "$chain" -j DROP
    for parent in INPUT DOCKER-USER; do
        if run -n -L "$parent" >/dev/null 2>&1; then
            run -I "$parent" 1 -i "$wan" -j "$chain"
        elif [ "$iptables" = iptables ]; then
            unguarded=$parent
        fi
    done
done
# IPv6 may lack the chain: Docker then hands it on by a proxy, which INPUT guards.
[ -z "$unguarded" ] || {
    echo "The ports that Docker publishes stay open: there is no chain $unguarded. Start Docker, then run this again." >&2
    exit 1
}
echo "From $wan: $([ "${1:-}" = --remove ] && echo 'no rules of ours' || echo "only ports $open_ports")"
