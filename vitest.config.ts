import { defineConfig } from 'vitest/config'

// .ci/run adds up the counts of several runs from these reports.
const report = process.env.DOMUS_TEST_JSON

const project = (name: string, testTimeout: number, more: object = {}) => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], testTimeout, hookTimeout: testTimeout, ...more },
})

export default defineConfig({
  test: {
    reporters: report === undefined ? ['default'] : ['default', ['json', { outputFile: report }]],
    projects: [
      project('unit', 30_000),
      project('integration', 60_000),
      project('e2e', 120_000),
      // Root, namespaces, real programs: one file at a time, since they share the machine's name spaces.
      project('system', 300_000, { fileParallelism: false }),
      // A lab of their own for each file: two cores bear one at a time.
      project('xen', 600_000, { fileParallelism: false }),
    ],
  },
})
