import { InvalidArgumentError } from 'commander'

// Values of options that many commands take.

/** For an option that may be given more than once. */
export const collected = (one: string, before: readonly string[] = []): string[] => [...before, one]

export function wholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('must be a whole number')
}

/** A time to wait, as long as the service lets one wait. */
export function waitSeconds(text: string): number {
  const seconds = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (seconds >= 1 && seconds <= 86_400) return seconds
  throw new InvalidArgumentError('must be a whole number of seconds, from 1 to 86400')
}
