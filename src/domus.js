#!/usr/bin/env node
// The launcher is plain old JavaScript: a Node that is too old must get one line, not a stack.
import { existsSync } from 'node:fs'

const [major, minor] = process.versions.node.split('.').map(Number)
if (major > 24 || (major === 24 && minor >= 12)) {
  // A checkout runs its sources; the package holds only what was compiled from them.
  const isCheckout = existsSync(new URL('./main.ts', import.meta.url))
  await import(isCheckout ? './main.ts' : '../dist/main.js')
} else {
  console.error(`domus: needs Node 24.12 or newer, this is ${process.versions.node} (${process.execPath})`)
  process.exitCode = 1
}
