import type { Assignment, Position, SyntaxFault, Value } from './syntax.ts'

/** What a key is set to after the whole file: the last `=`, and what `+=` added to it. */
export interface Setting {
  readonly value: Value
  /** The last assignment's place. */
  readonly at: Position
  /** xl reads no number from a key that was added to. */
  readonly wasAdded: boolean
}

export type Settings = ReadonlyMap<string, Setting>

/**
 * Carries out the assignments in order. A string and a list cannot be added: xl refuses the file.
 *
 * @see tools/libs/util/libxlu_cfg.c: xlu__cfg_set_store, xlu__cfg_concat_vals
 */
export function settle(assignments: readonly Assignment[]): { settings: Settings; faults: SyntaxFault[] } {
  const settings = new Map<string, Setting>()
  const faults: SyntaxFault[] = []
  for (const { key, adds, value, at } of assignments) {
    const before = adds ? settings.get(key)?.value : undefined
    const sum = before === undefined ? value : add(before, value)
    if (sum === undefined)
      faults.push({ at, message: `${key} += adds a string to a list, or a list to a string` })
    else settings.set(key, { value: sum, at, wasAdded: adds })
  }
  return { settings, faults }
}

function add(before: Value, value: Value): Value | undefined {
  if (before.kind === 'text' && value.kind === 'text') {
    return { ...value, text: before.text + value.text, isNumber: false }
  }
  if (before.kind === 'list' && value.kind === 'list') {
    return { ...value, items: [...before.items, ...value.items] }
  }
  return undefined
}

/** The text of a key, as xlu_cfg_get_string gives it; undefined when it is absent or a list. */
export function textOf(settings: Settings, key: string): string | undefined {
  const value = settings.get(key)?.value
  return value?.kind === 'text' ? value.text : undefined
}

/** The texts of a list, up to the first entry that is a list itself, where xl stops reading. */
export function textsOf(value: Value): { text: string; at: Position }[] {
  if (value.kind === 'text') return []
  const texts: { text: string; at: Position }[] = []
  for (const item of value.items) {
    if (item.kind === 'list') break
    texts.push({ text: item.text, at: item.at })
  }
  return texts
}
