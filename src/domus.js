#!/usr/bin/env node
// The launcher is plain old JavaScript: a Node that is too old must get one line, not a stack.
import { existsSync, mkdirSync } from 'node:fs'
import * as module from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'
import './quick-resolve.js'

const [major, minor] = process.versions.node.split('.').map(Number)
if (major > 24 || (major === 24 && minor >= 12)) {
  // Compiled code is kept between runs: it halves the time to the first word. In a folder of our own, since whoever
  // can write there decides what we run. Here and not in main, so that of a checkout no file's types are stripped twice.
  try {
    const isRoot = process.getuid?.() === 0
    const home = isRoot ? '/var/cache' : (process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'))
    const folder = join(home, 'domus/code')
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    module.enableCompileCache(folder)
  } catch {
    // Without the folder everything works as well, only slower.
  }
  // A checkout runs its sources; the package holds only what was compiled from them.
  const isCheckout = existsSync(new URL('./main.ts', import.meta.url))
  await import(isCheckout ? './main.ts' : '../dist/main.js')
} else {
  console.error(`domus: needs Node 24.12 or newer, this is ${process.versions.node} (${process.execPath})`)
  process.exitCode = 1
}
