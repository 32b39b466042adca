#!/bin/sh
# initramfs-root.sh < CASES: what Debian's own initramfs scripts, with klibc's real ipconfig, make of kernel command
# lines. Must run in namespaces of its own: mounts, network, host name. A case is five lines: the command line, then
# address, ROOTSERVER, ROOTPATH and host name as ipconfig would have them from DHCP; no address is no answer.
# For each case it prints three lines: `boot NAME`, `net VALUES` and `mount ARGUMENTS`.
scripts=/usr/share/initramfs-tools
work=/tmp/dminitramfs
mount -t tmpfs dm-initramfs /tmp
mount -t tmpfs dm-initramfs /run
mount -t sysfs sysfs /sys
ip link add eth0 type veth peer name dmpeer
ip link set dmpeer up
mkdir -p "$work"

# This machine loads no modules for it, and its command line is another one.
sed '/modprobe/d' "$scripts/scripts/nfs" > "$work/nfs"
# shellcheck disable=SC2016
sed -n '/^# Parse command line options/,/^# Default to BOOT=local/p' "$scripts/init" |
  sed 's#\$(cat /proc/cmdline)#$case_cmdline#' > "$work/parse"
. "$scripts/scripts/functions"
. "$work/nfs"
run_scripts() { :; }
wait_for_udev() { :; }
log_begin_msg() { :; }
log_end_msg() { :; }
time_elapsed() { echo 0; }
nfsmount() { printf 'mount %s\n' "$*"; }

# By DHCP there is no server here: the file is written as ipconfig would write it.
ipconfig() {
  case "$*" in
    *dhcp* | *bootp* | *:any* | "-t "*" ") told ;;
    *) /usr/lib/klibc/bin/ipconfig "$@" > /dev/null ;;
  esac
}
told() {
  [ -n "$case_address" ] || return 1
  {
    printf "DEVICE='eth0'\nIPV4ADDR='%s'\n" "$case_address"
    printf "ROOTSERVER='%s'\nROOTPATH='%s'\nHOSTNAME='%s'\n" "$case_server" "$case_path" "$case_host"
  } > /run/net-eth0.conf
}

one() {
  BOOT='' IP='' NFSROOT=auto DEVICE='' readonly=y quiet=y rootmnt=/root NFSOPTS='' BOOTIF='' ROOTDELAY=''
  ROOTSERVER='' ROOTPATH='' IPV4ADDR='' IPV4NETMASK='' IPV4GATEWAY='' HOSTNAME='' IPV4DNS0='' IPV4DNS1=''
  . "$work/parse"
  printf 'boot %s\n' "$BOOT"
  result=$(nfs_mount_root_impl 2> /dev/null; printf 'net %s\n' "$IPV4ADDR|$IPV4NETMASK|$IPV4GATEWAY|$HOSTNAME|$IPV4DNS0|$IPV4DNS1")
  printf '%s\n' "$result" | grep '^net ' || echo net
  printf '%s\n' "$result" | grep '^mount ' || echo mount
}

while read -r case_cmdline && read -r case_address && read -r case_server && read -r case_path && read -r case_host; do
  rm -f /run/net-*.conf
  ip address flush dev eth0
  (one)
done
