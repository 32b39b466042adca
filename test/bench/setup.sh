#!/bin/bash
# Installs the Debian packages that `npm run bench` compares domus with. None of their services is started: the
# benches start what they need themselves, in network namespaces.
set -euo pipefail

packages=(iproute2 util-linux gcc libc6-dev kea-dhcp4-server isc-dhcp-server coredhcp-server dnsmasq-base)

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2> /dev/null || true)
  [ "$status" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} = 0 ]; then
  echo "bench: all packages are installed" >&2
  exit 0
fi
if [ "$(id -u)" != 0 ]; then
  echo "bench: must run as root to install ${missing[*]}" >&2
  exit 1
fi

# invoke-rc.d asks this file; one that is here already belongs to somebody and says what he wants.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' > "$policy"
  chmod +x "$policy"
fi

echo "bench: installing ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
install=(apt-get install -y --no-install-recommends -o Dpkg::Use-Pty=0 "${missing[@]}")
"${install[@]}" || { apt-get update && "${install[@]}"; }

for package in "${missing[@]}"; do
  for script in $(dpkg -L "$package" | sed -nE 's#^/etc/init.d/([^/]+)$#\1#p'); do
    update-rc.d "$script" disable
  done
  command -v systemctl > /dev/null || continue
  for unit in $(dpkg -L "$package" | sed -nE 's#^(/usr)?/lib/systemd/system/([^/@]+\.(service|socket))$#\2#p'); do
    systemctl disable --quiet "$unit" || echo "bench: $unit of $package could not be disabled" >&2
  done
done
