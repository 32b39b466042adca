// Most of what a command loads are small files that name each other by their relative paths, in our own folders and in
// packages of ES modules alone. Node looks each of them up in half a dozen steps, which take a third of the whole start;
// and a package anew for each file that names it.
import * as module from 'node:module'

const root = new URL('..', import.meta.url).href
const ours = /^(?:src|dist|test)\//
const packages = /\/node_modules\/(?:commander|execa|kysely|zod)\//
const formats = { '.js': 'module', '.ts': 'module-typescript' }

const found = new Map() // what our own code asks for by name: each package is the same for all its files

const isOurs = (parent) => parent.startsWith(root) && ours.test(parent.slice(root.length))
const isPlain = (parent) => isOurs(parent) || packages.test(parent)

// A Node that is too old has no hooks, and is told so by the launcher.
module.registerHooks?.({
  resolve(specifier, context, next) {
    const { parentURL: parent = '' } = context
    const format = formats[specifier.slice(-3)]
    if (!isPlain(parent)) return next(specifier, context)
    if (specifier[0] === '.' && format !== undefined)
      return { url: new URL(specifier, parent).href, format, shortCircuit: true }
    if (specifier.startsWith('node:')) return { url: specifier, format: 'builtin', shortCircuit: true }
    if (!isOurs(parent)) return next(specifier, context)
    if (!found.has(specifier)) found.set(specifier, { ...next(specifier, context), shortCircuit: true })
    return found.get(specifier)
  },
})
