#!/bin/sh
# dracut-root.sh < CASES: what dracut's own scripts make of kernel command lines. Must run in a mount namespace of its
# own. A case is four lines: the command line, then root path, next server and server identifier as DHCP told
# them. For each case it prints three lines: `ip VALUES`, `mount ARGUMENTS`, and `die REASON` or `die`.
modules=/usr/lib/dracut/modules.d
work=/tmp/dmdracut
mount -t tmpfs dm-dracut /tmp
mkdir -p "$work/bin" "$work/hooks/initqueue/finished"
for name in dracut-getarg dracut-getargs; do ln -s /usr/lib/dracut/dracut-util "$work/bin/$name"; done
PATH="$work/bin:$PATH"

# The scripts belong into an initramfs: their libraries lie elsewhere here, and this machine's files stay as they are.
for script in 95nfs/nfs-lib.sh 95nfs/parse-nfsroot.sh 40network/net-lib.sh 35network-legacy/parse-ip-opts.sh; do
  sed -e '/^\. \/lib\//d' -e '/rpcbind/d' "$modules/$script" > "$work/${script##*/}"
done
PREFIX=none # dracut-lib.sh else links /var/log elsewhere
. "$modules/99base/dracut-dev-lib.sh"
. "$modules/99base/dracut-lib.sh"
. "$work/net-lib.sh"
. "$work/nfs-lib.sh"
warn() { :; }
info() { :; }
die() { printf '%s\n' "$*" | head -n 1 > "$work/died"; exit 1; }
mount() { printf 'mount %s\n' "$*"; }
getcmdline() { printf '%s' "$case_cmdline"; }
hookdir="$work/hooks"
netif=dmnone

ip_values() {
  ip_to_var "$(getargs ip= | tail -n 1)"
  printf 'ip %s\n' "${ip-}|${srv-}|${gw-}|${mask-}|${hostname-}|${dev-}|${autoconf-}|${dns1-}|${dns2-}"
}

mounted() {

  root=$(getarg root=)
  unset netroot nfsroot
  [ "$root" = dhcp ] && netroot=$new_root_path
  . "$work/parse-nfsroot.sh"
  [ -n "${netroot-}" ] || die "no netroot"
  # shellcheck disable=SC2034
  srv=$(getargs ip= | tail -n 1 | cut -d: -f2 -s | grep -E '^[0-9.]+$')
  mount_nfs "$netroot" /newroot "$netif"
}

while read -r case_cmdline && read -r case_path && read -r case_next && read -r case_server; do
  rm -f "$work/died"
  {
    [ -z "$case_path" ] || printf 'new_root_path=%s\n' "$case_path"
    [ -z "$case_next" ] || printf 'new_next_server=%s\n' "$case_next"
    [ -z "$case_server" ] || printf 'new_dhcp_server_identifier=%s\n' "$case_server"
  } > "/tmp/dhclient.$netif.dhcpopts"
  new_root_path=$case_path
  (ip_values)
  result=$(mounted) || result=
  printf '%s\n' "${result:-mount}"
  (
    netroot=nfs

    . "$work/parse-ip-opts.sh"
  ) > /dev/null 2>&1
  printf 'die %s\n' "$(cat "$work/died" 2> /dev/null)"
done
