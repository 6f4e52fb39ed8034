// failing-level.ts — a real LevelDB that fails, or is slow, when a test says so. Knows: how LevelDB fails. Must not know: who
// uses it.
import { ClassicLevel } from 'classic-level'

/** LevelDB that counts what is asked of it, and fails as it does itself: before or after the batch is in its log. */
export function failingLevel(folder: string) {
  const level = new ClassicLevel<Uint8Array, Uint8Array>(folder, {
    keyEncoding: 'view',
    valueEncoding: 'view',
  })
  const open = level.open.bind(level)
  const get = level.get.bind(level)
  type Operations = object[]
  const batch = level.batch.bind(level) as () => ReturnType<typeof level.batch>
  const batchOf = level.batch.bind(level) as (all: Operations, options: object) => Promise<void>
  const failing = {
    level,
    failures: [] as { message: string; isApplied: boolean; code?: string }[],
    syncs: [] as boolean[],
    openings: 0,
    reads: 0,
    /** Pages are read on when this is. */
    readingOn: Promise.resolve(),
    /** Writes end when this does. */
    writingOn: Promise.resolve(),
  }
  const iterator = level.iterator.bind(level) as (options: object) => ReturnType<typeof level.iterator>
  Object.assign(level, {
    iterator: (options: object) => {
      const opened = iterator(options)
      const nextv = opened.nextv.bind(opened) as (size: number) => Promise<unknown>
      return Object.assign(opened, { nextv: (size: number) => failing.readingOn.then(() => nextv(size)) })
    },
    open: () => {
      failing.openings += 1
      return open()
    },
    get: (key: Uint8Array) => {
      failing.reads += 1
      return get(key)
    },
    batch: (all?: Operations, how = { sync: false }) => {
      if (all !== undefined) return failingOr(how, () => batchOf(all, how))
      const operations = batch()
      const write = operations.write.bind(operations)
      return Object.assign(operations, {
        write: (options: { sync: boolean }) =>
          failingOr(
            options,
            () => write(options),
            () => operations.close(),
          ),
      })
    },
  })
  async function failingOr(
    { sync }: { sync: boolean },
    write: () => Promise<void>,
    close: () => Promise<void> = () => Promise.resolve(),
  ): Promise<void> {
    failing.syncs.push(sync)
    await failing.writingOn
    const failure = failing.failures.shift()
    if (failure === undefined || failure.isApplied) await write()
    else await close()
    if (failure !== undefined)
      throw Object.assign(new Error(failure.message), { code: failure.code ?? 'LEVEL_IO_ERROR' })
  }
  return failing
}

export const failureMessages = {
  full: 'IO error: 000003.log: No space left on device',
  broken: 'IO error: 000003.log: Input/output error',
}
