import { type Fields, site as siteOfOne, menas as usually } from '../menas.ts'

// The site of the migration tests: two hosts, the first of which is the NFS server too.

/** A site document; the guest `menas` alone when nothing else is said. */
export const site = (over: Fields = {}): Fields =>
  siteOfOne({
    hosts: [
      { name: 'xen1', machine: 'ssh://root@10.77.0.1' },
      { name: 'xen2', machine: 'ssh://root@10.77.0.2' },
    ],
    domains: [menas()],
    ...over,
  })

/** The guest that counts in a file on a root of its own; PVH, which Debian's hypervisor can move. */
export const menas = (over: Fields = {}): Fields => usually({ kernel: 'pvh', ...over })

/** A guest on the image that many read. */
export const reader = (over: Fields = {}): Fields =>
  menas({ name: 'web1', image: 'base', address: '10.77.0.51', ...over })
