// The site of the migration tests: two hosts, the first of which is the NFS server too.

export type Fields = Record<string, unknown>

/** A site document; the guest `menas` alone when nothing else is said. */
export const site = (over: Fields = {}): Fields => ({
  site: 'lab',
  networks: [{ name: 'lan', cidr: '10.77.0.0/24', bridge: 'xenbr0', range: '10.77.0.50-10.77.0.99' }],
  servers: [{ name: 'filer', address: '10.77.0.1', machine: 'ssh://root@10.77.0.1' }],
  images: [
    { name: 'slack', server: 'filer', path: '/srv/xen/images/slack' },
    { name: 'base', server: 'filer', path: '/srv/xen/images/base', sharing: 'shared' },
  ],
  kernels: [
    { name: 'pvh', path: '/boot/vmlinuz-nfsroot', type: 'pvh' },
    { name: 'pv', path: '/boot/vmlinuz-nfsroot', type: 'pv' },
  ],
  hosts: [
    { name: 'xen1', machine: 'ssh://root@10.77.0.1' },
    { name: 'xen2', machine: 'ssh://root@10.77.0.2' },
  ],
  domains: [menas()],
  ...over,
})

/** The guest that counts in a file on a root of its own. */
export const menas = (over: Fields = {}): Fields => guest({ name: 'menas', image: 'slack', ...over })

/** A guest on the image that many read. */
export const reader = (over: Fields = {}): Fields =>
  guest({ name: 'web1', image: 'base', address: '10.77.0.51', ...over })

const guest = (over: Fields): Fields => ({
  network: 'lan',
  kernel: 'pvh',
  host: 'xen1',
  memoryMiB: 64,
  address: '10.77.0.50',
  boot: 'static',
  ...over,
})
