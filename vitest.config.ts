import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // One, which is what a machine of two cores would get, leaves half of it idle.
    maxWorkers: 2,
  },
})
