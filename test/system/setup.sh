#!/bin/bash
# Installs the Debian 12 packages that `npm run test:system`, `npm run test:xen` and the lab need. None of their
# services is started, now or at the next boot: tests start what they need themselves, in network namespaces.
set -euo pipefail

packages=(
  # namespaces, sshd for the ssh machine, and a login shell that is not POSIX
  iproute2 util-linux openssh-client openssh-server tcsh
  # NFS servers and clients
  nfs-kernel-server nfs-common rpcbind nfs-ganesha nfs-ganesha-vfs libnfs-utils
  # DHCP clients that a guest may have
  isc-dhcp-client udhcpc busybox-static dhcpcd-base klibc-utils
  # DHCP servers and the relay, as neighbours and to compare with
  dnsmasq-base isc-dhcp-server isc-dhcp-relay kea-dhcp4-server kea-admin
  # kernels: what makes initramfs files, and what opens images
  initramfs-tools-core dracut-core dracut-network kmod binutils cpio lz4 zstd
  # the lab: two kernels, dom0's tree, disks, the machine (test/xen/needs.ts)
  linux-source-6.1 gcc make bc bison flex libelf-dev libssl-dev xz-utils
  mmdebstrap e2fsprogs qemu-system-x86
)

if [ "$(id -u)" != 0 ]; then
  echo "setup: must run as root: it installs Debian packages" >&2
  exit 1
fi

# What is there already is not asked for again: apt-get works without a network then.
missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2> /dev/null || true)
  [ "$status" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} = 0 ]; then
  echo "setup: all packages are installed" >&2
  exit 0
fi

# invoke-rc.d asks this file; one that is here already belongs to somebody and says what he wants.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' > "$policy"
  chmod +x "$policy"
fi

echo "setup: installing ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
install=(apt-get install -y --no-install-recommends -o Dpkg::Use-Pty=0 "${missing[@]}")
if ! "${install[@]}"; then
  # The lists of a fresh machine are empty, those of an old one name versions that are gone.
  apt-get update
  "${install[@]}"
fi

for package in "${missing[@]}"; do
  for script in $(dpkg -L "$package" | sed -nE 's#^/etc/init.d/([^/]+)$#\1#p'); do
    update-rc.d "$script" disable
  done
  command -v systemctl > /dev/null || continue
  for unit in $(dpkg -L "$package" | sed -nE 's#^(/usr)?/lib/systemd/system/([^/@]+\.(service|socket))$#\2#p'); do
    systemctl disable --quiet "$unit" || echo "setup: $unit of $package could not be disabled" >&2
  done
done
