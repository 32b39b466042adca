#!/usr/bin/env node
// The launcher is plain old JavaScript: a Node that is too old must get one line, not a stack.
const [major, minor] = process.versions.node.split('.').map(Number)
if (major > 24 || (major === 24 && minor >= 12)) {
  import('../dist/main.js').catch((error) => {
    const isMissing = error.code === 'ERR_MODULE_NOT_FOUND' && String(error.message).includes('dist/main.js')
    if (isMissing) return import('./main.ts')
    throw error
  })
} else {
  console.error(`domus: needs Node 24.12 or newer, this is ${process.versions.node} (${process.execPath})`)
  process.exitCode = 1
}
