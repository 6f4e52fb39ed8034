#!/usr/bin/env node
// main.ts — where the program begins: memory is settled before anything that takes it is loaded. Must not know: what the
// program does.
import { settleYoungSpace } from './young-space.ts'

settleYoungSpace()
await import('./program.ts')
