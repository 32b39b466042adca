import { DomusError } from '../errors.ts'
import type { Guest } from '../model/inventory.ts'
import { listXl, quoteXl } from '../xl/quote.ts'
import { compileTemplate, type TextHelper } from './compile.ts'
import type { TemplateContexts, TemplateName } from './contexts.ts'
import { xlConfigOf, xmConfigOf } from './domain.ts'
import { commandSystemd } from './quote-systemd.ts'

interface TemplateKind {
  /** How a comment line begins in the file; the first line then names its maker. False: no such line. */
  readonly comment: '#' | '//' | false
  /** What its values are written with; there is no HTML escaping. */
  readonly helpers: Readonly<Record<string, TextHelper>>
}

// Their values are of the strict grammar, which needs no quotes; their first lines are their own.
const exported = { comment: false, helpers: {} } as const
const plain = { comment: '#', helpers: {} } as const // values of the strict grammar, options in hex
const systemd = { comment: false, helpers: { command: commandSystemd } } as const
const xl = { comment: '#', helpers: { quote: quoteXl, list: listXl } } as const

/**
 * THE TABLE: every template there is. A new one is a file `templates/NAME.hbs`, its context in contexts.ts,
 * and a line here.
 */
const templateKinds: Record<TemplateName, TemplateKind> = {
  'domain/xl.cfg': xl,
  'domain/xm.cfg': xl,
  'exports/linux': exported,
  'exports/freebsd': exported,
  'exports/ganesha': exported,
  'exports/print': exported,
  'dhcp/dnsmasq': plain,
  'dhcp/dhcpd': plain,
  'dhcp/kea': plain,
  'systemd/domus.service': systemd,
  'systemd/domus-dhcp.socket': systemd,
}

const names = Object.keys(templateKinds) as TemplateName[] // the keys of a Record are its key type

/** Files below `templates/`, and below a folder of overrides. */
export const templateFiles: readonly string[] = names.map((name) => `${name}.hbs`)

/** The text of one of {@link templateFiles}; `from` is the path of an override, absent for the built-in one. */
export type ReadTemplate = (file: string) => string | { readonly text: string; readonly from?: string }

export interface Templates {
  render<N extends TemplateName>(name: N, context: TemplateContexts[N]): string
  /** `/etc/xen/NAME.cfg` for xl. */
  domainXl(guest: Guest, cmdline: string): string
  /** The same guest in the form of xend's days. */
  domainXm(guest: Guest): string
}

type Render = (context: object) => string

/**
 * Makes the templates ready: built-in ones at their first use, overrides at once, so that a mistake of the
 * administrator shows when the program starts.
 *
 * @throws DomusError 'invalid-input' naming the override that is not a template
 */
export function compileTemplates(read: ReadTemplate): Templates {
  const renderers = new Map<TemplateName, Render>(names.map((name) => [name, rendererOf(name, read)]))
  const render: Templates['render'] = (name, context) => {
    const renderer = renderers.get(name)
    if (renderer === undefined) throw new DomusError('internal', `no template ${name}`)
    return renderer(context)
  }
  return {
    render,
    domainXl: (guest, cmdline) => render('domain/xl.cfg', xlConfigOf(guest, cmdline)),
    domainXm: (guest) => render('domain/xm.cfg', xmConfigOf(guest)),
  }
}

function rendererOf(name: TemplateName, read: ReadTemplate): Render {
  const file = `${name}.hbs`
  const found = read(file)
  const { text, from } = typeof found === 'string' ? { text: found, from: undefined } : found
  const { comment, helpers } = templateKinds[name]
  const header = comment === false ? '' : `${comment} ${madeBy(from)}\n`
  const compile = () => compileTemplate<object>(`${header}${text}`, { name: from ?? file, helpers })
  if (from !== undefined) return compile()
  let compiled: Render | undefined
  return (context) => {
    compiled ??= compile()
    return compiled(context)
  }
}

const madeBy = (from: string | undefined) =>
  from === undefined
    ? 'managed by domus: changes made here are lost'
    : `managed by domus: changes made here are lost; template ${from}`
