// metrics.ts — the relay's figures as Prometheus reads them: each is looked up when it is asked for, so that the work
// itself only adds numbers. Knows: prom-client, names, where each figure lies. Must not know: who may ask.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { IntervalHistogram } from 'node:perf_hooks'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { closedCode, goodbyeCode, refusedCode } from '../shared/message.ts'
import { stockClose } from '../shared/stock-wire.ts'
import type { Journal } from './journal.ts'
import type { Meters, Spread, Tally } from './meters.ts'
import { notices } from './notice.ts'
import type { NoticeCode } from './notice.ts'
import { refusalCodes } from './refusals.ts'
import type { HostState } from './host-options.ts'
import { turnedAwayReasons } from './reception.ts'
import type { Reception } from './reception.ts'

export type MetricSources = {
  readonly meters: Meters
  readonly journal: Journal
  readonly reception: Reception
  readonly hostState: () => HostState
  readonly sockets: () => { readonly native: number; readonly stock: number; readonly unsentBytes: number }
  readonly isReady: () => Promise<boolean>
  /** For how long the oldest commit has waited to be told to the application. */
  readonly untoldSeconds: () => number
}

const nanosecondsInSecond = 1e9

/** The loop is looked at this often: a hundred times a second would be seen in its own figures. */
const loopResolutionMs = 20

export class Metrics {
  readonly #registry = new Registry()
  readonly #loop: IntervalHistogram

  constructor(sources: MetricSources) {
    this.#loop = monitorEventLoopDelay({ resolution: loopResolutionMs })
    this.#loop.enable()
    this.#addCommits(sources)
    this.#addTraffic(sources)
    this.#addProcess()
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  text(): Promise<string> {
    return this.#registry.metrics()
  }

  stop(): void {
    this.#loop.disable()
  }

  #addCommits({ meters, hostState, isReady, untoldSeconds }: MetricSources): void {
    this.#gauge('ready', '1 while /ready says so, which is asked for it', async () =>
      (await isReady()) ? 1 : 0,
    )
    this.#spread('commit_seconds', 'From the hand-over of a commit to its being synced', meters.commitSeconds)
    this.#spread('commit_rows', 'Updates in one commit', meters.commitRows)
    this.#counter('rows_committed_total', 'Updates committed', () => meters.rowsCommitted)
    this.#counter('row_bytes_committed_total', 'Bytes of updates committed', () => meters.rowBytesCommitted)
    this.#counter('writes_failed_total', 'Writes that the disk refused', () => meters.writesFailed)
    this.#gauge(
      'log_lag_seconds',
      'For how long the oldest commit has waited for the disk',
      () => hostState().lagSeconds,
    )
    this.#gauge(
      'untold_seconds',
      'For how long the oldest commit has waited to be told to the application’s committed',
      untoldSeconds,
    )
    this.#gauge(
      'waiting_appends',
      'Updates that wait for the commit before them',
      () => hostState().waitingAppends,
    )
    this.#gauge(
      'waiting_bytes',
      'Memory of what waits for the disk, answers too; past 16 MiB of a tenant none of its sockets is read, past 64 MiB of all no socket',
      () => hostState().waitingBytes,
    )
    this.#counters('folds_total', 'Logs folded into a snapshot', 'outcome', () => ({
      made: meters.foldsMade,
      failed: meters.foldsFailed,
    }))
  }

  #addTraffic({ meters, journal, reception, hostState, sockets }: MetricSources): void {
    this.#gauges('sockets', 'Open sockets', 'wire', () => {
      const { native, stock } = sockets()
      return { native, stock }
    })
    this.#gauges('links', 'Documents open on sockets', 'wire', () => {
      const { nativeLinks: native, stockLinks: stock } = hostState()
      return { native, stock }
    })
    this.#gauge('open_documents', 'Documents that somebody has open', () => hostState().openDocuments)
    this.#gauge('tenants', 'Tenants that came since the start', () => hostState().tenants)
    this.#gauge('waiting_sockets', 'Sockets that wait for their turn to be let in', () => reception.waiting)
    this.#gauge(
      'unsent_bytes',
      'Bytes that wait for readers: all sockets, and answers over HTTP',
      () => sockets().unsentBytes,
    )
    this.#counters('frames_total', 'Frames', 'way', () => ({ in: meters.framesIn, out: meters.framesOut }))
    this.#counters('bytes_total', 'Bytes of frames', 'way', () => ({
      in: meters.bytesIn,
      out: meters.bytesOut,
    }))
    this.#counters('goodbyes_total', 'Native sockets that were sent away', 'code', () =>
      counted(goodbyeCode, meters.goodbyes),
    )
    this.#counters('links_closed_total', 'Links that were closed on native sockets', 'code', () =>
      counted(closedCode, meters.closedLinks),
    )
    this.#counters('entries_refused_total', 'Edits of native replicas that were refused', 'code', () =>
      counted(refusedCode, meters.refusals),
    )
    this.#counters('stock_closes_total', 'Stock sockets that were closed', 'code', () =>
      counted(stockClose, meters.socketEnds),
    )
    this.#counters('sign_in_refusals_total', 'Who was not let in, or not to a document', 'code', () =>
      Object.fromEntries(refusalCodes.map((code) => [code, meters.signInRefusals.of(code)])),
    )
    this.#counters('sockets_turned_away_total', 'Sockets that were not let in', 'reason', () =>
      Object.fromEntries(turnedAwayReasons.map((reason) => [reason, reception.turnedAway(reason)])),
    )
    this.#counters('notices_total', 'What the journal tells, also what it kept back', 'code', () =>
      Object.fromEntries(noticeCodes.map((code) => [code, journal.countOf(code)])),
    )
  }

  #addProcess(): void {
    this.#gauges(
      'event_loop_delay_seconds',
      'How late the event loop is, since the last look',
      'quantile',
      () => {
        const quantiles = { '0.5': this.#seconds(50), '0.99': this.#seconds(99), '1': this.#seconds(100) }
        this.#loop.reset()
        return quantiles
      },
    )
    this.#gauge('resident_memory_bytes', 'Memory of the process', () => process.memoryUsage.rss())
    this.#gauge('heap_used_bytes', 'Memory of its JavaScript', () => process.memoryUsage().heapUsed)
    this.#counter('cpu_seconds_total', 'CPU time of the process', () => {
      const { user, system } = process.cpuUsage()
      return (user + system) / 1e6
    })
    this.#gauge('uptime_seconds', 'How long the process runs', () => process.uptime())
  }

  #seconds(percentile: number): number {
    const nanoseconds = this.#loop.percentile(percentile)
    return Number.isFinite(nanoseconds) ? nanoseconds / nanosecondsInSecond : 0
  }

  #gauge(name: string, help: string, read: () => number | Promise<number>): void {
    const collect = async function (this: Gauge) {
      this.set(await read())
    }
    this.#registry.registerMetric(new Gauge({ name: `syncline_${name}`, help, registers: [], collect }))
  }

  #gauges(name: string, help: string, label: string, read: () => Readonly<Record<string, number>>): void {
    const collect = function (this: Gauge) {
      for (const [word, value] of Object.entries(read())) this.set({ [label]: word }, value)
    }
    this.#registry.registerMetric(
      new Gauge({ name: `syncline_${name}`, help, labelNames: [label], registers: [], collect }),
    )
  }

  #counter(name: string, help: string, read: () => number): void {
    const collect = function (this: Counter) {
      this.reset()
      this.inc(read())
    }
    this.#registry.registerMetric(new Counter({ name: `syncline_${name}`, help, registers: [], collect }))
  }

  #counters(name: string, help: string, label: string, read: () => Readonly<Record<string, number>>): void {
    const collect = function (this: Counter) {
      this.reset()
      for (const [word, value] of Object.entries(read())) this.inc({ [label]: word }, value)
    }
    this.#registry.registerMetric(
      new Counter({ name: `syncline_${name}`, help, labelNames: [label], registers: [], collect }),
    )
  }

  #spread(name: string, help: string, spread: Spread): void {
    this.#registry.registerMetric(new SpreadHistogram(`syncline_${name}`, help, spread))
  }
}

const noticeCodes = Object.keys(notices).filter((code): code is NoticeCode => Object.hasOwn(notices, code))

function counted(
  codes: Readonly<Record<string, number>>,
  tally: Tally<number>,
): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(codes).map(([name, code]) => [name, tally.of(code)]))
}

/** A histogram of what was counted elsewhere: the one kind of metric that prom-client lets nobody set. */
class SpreadHistogram extends Histogram {
  readonly #spread: Spread
  /** Gives all but the values. */
  readonly #empty: Histogram

  constructor(name: string, help: string, spread: Spread) {
    const configuration = { name, help, buckets: [...spread.bounds], registers: [] }
    super(configuration)
    this.#empty = new Histogram(configuration)
    this.#spread = spread
  }

  override get(): ReturnType<Histogram['get']> {
    return this.getForPromString()
  }

  /** What the registry asks for its text. */
  async getForPromString(): ReturnType<Histogram['get']> {
    const frame = await this.#empty.get()
    const { bounds, counts, sum } = this.#spread
    const values: (typeof frame)['values'] = []
    let count = 0
    for (const [index, inBucket] of counts.entries()) {
      count += inBucket
      values.push({
        metricName: `${frame.name}_bucket`,
        labels: { le: bounds[index] ?? '+Inf' },
        value: count,
      })
    }
    values.push({ metricName: `${frame.name}_sum`, labels: {}, value: sum })
    values.push({ metricName: `${frame.name}_count`, labels: {}, value: count })
    return { ...frame, values }
  }
}
