import { DomusError } from '../errors.ts'
import type { KernelConfig } from './config.ts'
import { type ImageFacts, valueFromImage } from './image-facts.ts'
import { parseVersion } from './version.ts'

/**
 * Makes sure that a configuration is the one an image was built from: by version, and by the ELF notes that
 * only certain symbols leave in an image.
 *
 * @throws DomusError 'invalid-input' naming both and what differs
 */
export function checkSameKernel(path: string, image: ImageFacts, configPath: string, config: KernelConfig) {
  const why = whyDifferent(image, config)
  if (why === undefined) return
  throw new DomusError('invalid-input', `${configPath} is not the configuration of ${path}: ${why}`)
}

function whyDifferent(image: ImageFacts, config: KernelConfig): string | undefined {
  if (config.incomplete !== undefined) return undefined // tells nothing, and is refused for that
  if (config.arch !== image.arch) return `it is for ${config.arch}, the image for ${image.arch}`
  if (
    image.banner !== undefined &&
    config.version !== undefined &&
    !namesVersion(image.banner, config.version)
  ) {
    return `it is of Linux ${config.version}, the image of ${image.banner}`
  }
  const { contents } = image
  if (contents === undefined) return undefined
  // Symbols that a kernel of that age does not have prove nothing.
  const symbol = ['XEN', ...['XEN_PV', 'PVH'].filter((each) => config.values.has(each))].find(
    (each) => (config.values.get(each) === 'y') !== (valueFromImage(contents, each) === 'y'),
  )
  if (symbol === undefined) return undefined
  const [inConfig, inImage] = config.values.get(symbol) === 'y' ? ['has', 'lacks'] : ['lacks', 'has']
  return `it ${inConfig} CONFIG_${symbol}, and the image ${inImage} the ELF note of it`
}

/**
 * Says whether a banner can be of this version: it begins with it, or it is a distribution's (`6.1.0-56-amd64`)
 * and names it further on (`Debian 6.1.192-2`), or it names no full version and the series is the same.
 */
export function namesVersion(banner: string, version: string): boolean {
  const own = parseVersion(banner)
  const wanted = parseVersion(version)
  if (own === undefined || wanted === undefined || own[0] !== wanted[0] || own[1] !== wanted[1]) return false
  if (own[2] === wanted[2]) return true
  if (own[2] !== 0) return false
  const named = [...banner.matchAll(/(?<![\d.])(\d+\.\d+\.\d+)(?![\d.])/g)].slice(1).map(([, found]) => found)
  const upstream = named.filter(
    (found) => found?.startsWith(`${wanted[0]}.${wanted[1]}.`) && !found.endsWith('.0'),
  )
  return upstream.length === 0 || upstream.includes(wanted.join('.'))
}
