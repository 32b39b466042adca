import { createHash } from 'node:crypto'
import { chmod, copyFile, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { basename, join, relative } from 'node:path'
import { execa } from 'execa'
import { addressOf, hostNumbers, MAX_HOSTS, repository } from '../settings.ts'
import type { Artefact, Run } from './artefact.ts'

const DOM0_FILES = join(repository, 'test/xen/dom0')
const GUEST_FILES = join(repository, 'test/xen/guest')

/** `slack` is for one writer, `base` for many readers; they are alike. */
const IMAGES = ['slack', 'base']
/** Directories of the administrator's own exports, see dom0/etc/exports. */
const ADMIN_FOLDERS = ['home', 'mirror', 'scratch']

/**
 * disk.img, the root of every host's dom0, with id_ed25519 to log in and known_hosts to know them by.
 *
 * /boot holds vmlinuz-nfsroot with its config, and vmlinuz-plain, a Xen kernel that cannot do NFS root.
 */
export async function dom0Disk(
  folders: Record<'dom0Tree' | 'guestKernel' | 'dom0Kernel', string>,
): Promise<Artefact> {
  const madeOf = Object.values(folders).map((folder) => basename(folder))
  return {
    name: 'dom0-disk',
    title: 'dom0 disk',
    minutes: 1,
    inputs: { madeOf: madeOf.join(' '), files: await filesDigest(DOM0_FILES), recipe: '1' },
    build: async (folder, run) => {
      const tree = join(folder, 'tree')
      await mkdir(tree)
      await run('tar', ['xf', join(folders.dom0Tree, 'dom0.tar'), '-C', tree, '--exclude=./dev/*'])
      await copyInto(DOM0_FILES, tree, run)
      await mkdir(join(tree, 'srv'), { recursive: true })
      await installKernel(folders.guestKernel, tree, 'nfsroot')
      await installKernel(folders.dom0Kernel, tree, 'plain')
      await installKeys(folder, tree, run)
      await makeFileSystem(tree, join(folder, 'disk.img'), '1g', run)
    },
  }
}

/** disk.img, the host's /srv: images of guests, and directories that the administrator exports himself. */
export async function srvDisk(dom0TreeFolder: string): Promise<Artefact> {
  return {
    name: 'srv-disk',
    title: 'disk of images',
    minutes: 1,
    inputs: { madeOf: basename(dom0TreeFolder), files: await filesDigest(GUEST_FILES), recipe: '1' },
    build: async (folder, run) => {
      const tree = join(folder, 'tree')
      for (const name of ADMIN_FOLDERS) await mkdir(join(tree, name), { recursive: true })
      for (const name of IMAGES) await makeImage(join(tree, 'xen/images', name), dom0TreeFolder, run)
      await makeFileSystem(tree, join(folder, 'disk.img'), '2g', run)
    },
  }
}

/** A guest's root: busybox and a few scripts. */
async function makeImage(image: string, dom0TreeFolder: string, run: Run): Promise<void> {
  for (const name of ['bin', 'sbin', 'dev', 'proc', 'sys', 'run', 'tmp', 'var', 'etc', 'root']) {
    await mkdir(join(image, name), { recursive: true })
  }
  const tar = join(dom0TreeFolder, 'dom0.tar')
  await run('tar', ['xf', tar, '-C', join(image, 'bin'), '--strip-components=3', './usr/bin/busybox'])
  const { stdout } = await execa(join(image, 'bin/busybox'), ['--list'])
  const applets = stdout.split('\n').filter((name) => name !== 'busybox')
  for (const applet of applets) await symlink('busybox', join(image, 'bin', applet))
  // What the kernel itself starts: at boot, and when Xen asks the guest to go (drivers/xen/manage.c).
  for (const name of ['init', 'poweroff', 'reboot'])
    await symlink('../bin/busybox', join(image, 'sbin', name))
  await copyInto(GUEST_FILES, image, run)
}

async function copyInto(files: string, tree: string, run: Run): Promise<void> {
  await run('cp', ['-r', '--no-preserve=ownership', `${files}/.`, tree])
}

async function installKernel(kernelFolder: string, tree: string, name: string): Promise<void> {
  await copyFile(join(kernelFolder, 'bzImage'), join(tree, `boot/vmlinuz-${name}`))
  await copyFile(join(kernelFolder, 'config'), join(tree, `boot/config-${name}`))
}

/** One key to log in with, from outside and from host to host; a host key for each host, known to all. */
async function installKeys(folder: string, tree: string, run: Run): Promise<void> {
  const known: string[] = []
  for (const host of hostNumbers(MAX_HOSTS)) {
    const keys = join(tree, `etc/ssh/host-keys/${host}`)
    await mkdir(keys, { recursive: true, mode: 0o700 })
    const publicKey = await newKey(join(keys, 'ssh_host_ed25519_key'), run)
    known.push(`${addressOf(host)},xen${host} ${publicKey}`)
  }
  const home = join(tree, 'root/.ssh')
  await mkdir(home, { recursive: true, mode: 0o700 })
  const own = await newKey(join(folder, 'id_ed25519'), run)
  await copyFile(join(folder, 'id_ed25519'), join(home, 'id_ed25519'))
  await chmod(join(home, 'id_ed25519'), 0o600)
  await writeFile(join(home, 'authorized_keys'), own, { mode: 0o600 })
  for (const place of [folder, home]) await writeFile(join(place, 'known_hosts'), known.join(''))
}

async function newKey(path: string, run: Run): Promise<string> {
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'domus lab', '-f', path])
  return readFile(`${path}.pub`, 'utf8')
}

/** No mount and no loop device: mke2fs copies the tree, which is then thrown away. */
async function makeFileSystem(tree: string, image: string, size: string, run: Run): Promise<void> {
  await run('mke2fs', ['-q', '-t', 'ext4', '-O', '^has_journal', '-d', tree, image, size])
  await rm(tree, { recursive: true })
}

async function filesDigest(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const hash = createHash('sha256')
  for (const path of paths.sort()) {
    hash.update(`${relative(folder, path)} ${(await stat(path)).mode}\0`).update(await readFile(path))
  }
  return hash.digest('hex')
}
