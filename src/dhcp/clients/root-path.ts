/** Option 17 as each reader takes it apart; none of them agree on mount options. */

export interface RootPath {
  readonly server: string | undefined
  readonly path: string
  readonly options: string | undefined
}

/** The kernel (root_nfs_parse_addr, root_nfs_parse_options): `[a.b.c.d:]/path[,options]`. */
export function splitKernelRoot(text: string): RootPath {
  const [, server, rest = text] = /^(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})(?::|$)(.*)$/s.exec(text) ?? []
  const [path = '', ...options] = rest.split(',')
  return { server, path, options: options.length === 0 ? undefined : options.join(',') }
}

/** initramfs-tools (scripts/nfs): whatever is behind the first colon is the path, options and all. */
export function splitKlibcRoot(text: string): RootPath {
  const colon = text.indexOf(':')
  if (colon < 0) return { server: undefined, path: text, options: undefined }
  return { server: text.slice(0, colon), path: text.slice(colon + 1), options: undefined }
}

/** dracut (nfs-lib.sh): `nfs[4]:[server:]path[:options]` or `[server:]path[,options]`. */
export function splitDracutRoot(text: string): RootPath {
  const isTagged = /^nfs4?:/.test(text)
  const parts = (isTagged ? text.replace(/^nfs4?:/, '') : text).split(':')
  const server = parts[0]?.startsWith('/') ? undefined : parts.shift()
  const [path = '', comma] = splitOnce(parts.shift() ?? '', ',')
  const options = parts.length > 0 ? parts.join(':') : comma
  return { server: server === '' ? undefined : server, path, options }
}

function splitOnce(text: string, mark: string): [string, string | undefined] {
  const at = text.indexOf(mark)
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)]
}
