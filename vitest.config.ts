import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

// .ci/run adds up the counts of several runs from these reports.
const report = process.env.DOMUS_TEST_JSON

// Many tests start our programs: what was compiled and stripped of its types once is kept for the next start.
const env = { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/node-compile') }

const project = (name: string, testTimeout: number, more: object = {}) => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], env, testTimeout, hookTimeout: testTimeout, ...more },
})

// Files of these share a process, and so the modules they load: no test leaves anything behind in one.
const shared = { isolate: false }

export default defineConfig({
  test: {
    maxWorkers: '100%', // vitest would leave one core idle: of two, that is half
    reporters: report === undefined ? ['default'] : ['default', ['json', { outputFile: report }]],
    projects: [
      project('unit', 30_000, shared),
      project('integration', 60_000, shared),
      project('e2e', 120_000, shared),
      // Root, namespaces, real programs: one file at a time, since they share the machine's name spaces.
      project('system', 300_000, { fileParallelism: false }),
      // A lab of their own for each file: two cores bear one at a time.
      project('xen', 600_000, { fileParallelism: false }),
    ],
  },
})
