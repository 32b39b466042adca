import { domus } from '../menas.ts'
import type { Lab } from '../start-lab.ts'

/** The checks that refuse a guest's move from host 1 to host 2, each with what it says. */
export async function refusalsOf(lab: Lab, name: string): Promise<Readonly<Record<string, string>>> {
  const { stdout } = await domus(lab, ['migrate', name, 'xen2', '--json'], { exitCode: 3 })
  const { errors } = JSON.parse(stdout) as { errors: { path: string; message: string }[] }
  return Object.fromEntries(errors.map(({ path, message }) => [path.split('/').at(-1), message]))
}
