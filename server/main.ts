#!/usr/bin/env node
// main.ts — where the program begins: memory is settled before anything that takes it is loaded. Must not know: what the
// program does.
import { settleHeap } from './heap.ts'

settleHeap()
await import('./program.ts')
