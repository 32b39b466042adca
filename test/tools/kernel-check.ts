import { readFileSync, writeFileSync } from 'node:fs'
import { readKernel } from '../../src/kernel/acquire.ts'
import { checkKernel } from '../../src/kernel/check.ts'
import { loadKernelData } from '../../src/kernel-data.ts'
import { localKernelFiles } from '../../src/kernel-files.ts'

// Checks kernels in a process of its own and prints what each took:
// node --expose-gc kernel-check.ts '[["PATH"],["PATH","INITRD"]]' → [{"outcome","cpuMs","peakMiB"}]

const jobs = JSON.parse(process.argv[2] ?? '[]') as [string, string?][]
const data = await loadKernelData()

async function outcome(path: string, initrd: string | undefined): Promise<string> {
  try {
    const verdict = checkKernel(await readKernel({ path, initrd }, localKernelFiles), {}, data)
    return verdict.reason === undefined ? verdict.verdict : `${verdict.verdict}: ${verdict.reason}`
  } catch (error) {
    const { code = 'not ours', message, cause } = error as Error & { code?: string }
    return `${code}: ${message}${cause instanceof Error ? `: ${cause.message}` : ''}`
  }
}

const results = []
for (const [path, initrd] of jobs) {
  globalThis.gc?.()
  writeFileSync('/proc/self/clear_refs', '5') // forgets the peak of what was before (proc(5))
  const before = process.cpuUsage()
  const result = await outcome(path, initrd)
  const { user, system } = process.cpuUsage(before)
  const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
  results.push({ outcome: result, cpuMs: (user + system) / 1000, peakMiB: Number(peak) / 1024 })
}
console.log(JSON.stringify(results))
