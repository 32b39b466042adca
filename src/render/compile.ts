import { createRequire } from 'node:module'
import type Handlebars from 'handlebars'
import { DomusError } from '../errors.ts'

/** At the first template: most commands write none. All in one file, which takes half the time of its many modules. */
let loaded: typeof Handlebars | undefined
function handlebars(): typeof Handlebars {
  loaded ??= createRequire(import.meta.url)('handlebars/dist/handlebars.js') as typeof Handlebars
  return loaded
}

/** Turns one value into text for a place in a file; throws a RangeError for a value it cannot write there. */
export type TextHelper = (value: unknown) => string

export interface CompileOptions {
  /** What a mistake is reported under: the file of the template. */
  readonly name: string
  readonly helpers?: Readonly<Record<string, TextHelper>>
  /** HTML escaping; off for config files, whose values go through helpers. */
  readonly html?: boolean
}

// Of Handlebars' own helpers only these; they take no undefined (see strictBlocks).
const BLOCKS = ['if', 'unless', 'each'] as const

/**
 * Compiles a template that refuses what it does not know: a name missing from the context, an unknown
 * helper, an undefined argument. Absent values are `false` or an empty list, never undefined.
 *
 * @throws DomusError 'invalid-input' when the text is not a template; the result throws it when rendering fails
 */
export function compileTemplate<T extends object>(
  text: string,
  { name, helpers = {}, html = false }: CompileOptions,
): (context: T) => string {
  const environment = handlebars().create()
  strictBlocks(environment)
  for (const [helper, toText] of Object.entries(helpers)) {
    environment.registerHelper(helper, (...args: unknown[]) => {
      if (args.length !== 2) throw new RangeError(`${helper} takes one value`)
      return toText(defined(args[0], helper))
    })
  }
  const options = {
    strict: true,
    knownHelpersOnly: true,
    noEscape: !html,
    knownHelpers: {
      ...Object.fromEntries(Object.keys(helpers).map((helper) => [helper, true])),
      lookup: false,
      log: false,
      with: false,
    },
  }
  const guarded = <R>(what: () => R): R => {
    try {
      return what()
    } catch (cause) {
      throw new DomusError('invalid-input', `template ${name}`, { cause })
    }
  }
  guarded(() => environment.precompile(text, options)) // compile() alone is lazy: mistakes would show at first use
  const template = environment.compile<T>(text, options)
  return (context) => guarded(() => template(context))
}

function strictBlocks(environment: typeof Handlebars): void {
  for (const block of BLOCKS) {
    const original = environment.helpers[block] as Handlebars.HelperDelegate
    environment.registerHelper(block, function (this: unknown, value: unknown, options: unknown) {
      return original.call(this, defined(value, block), options)
    })
  }
}

function defined(value: unknown, helper: string): unknown {
  if (value === undefined || value === null) throw new RangeError(`${helper}: its value is not defined`)
  return value
}
