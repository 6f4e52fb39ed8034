import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // One, which is what vitest takes of two cores, leaves half of them idle.
    maxWorkers: Math.max(2, availableParallelism() - 1),
  },
})
