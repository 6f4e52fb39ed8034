// planted.ts — bugs, each one line of the real sources and the rule that it breaks, by which the simulator shows that
// it can see. A line that is not there any more fails the run, so that the list cannot rot. Must not know: how they
// are looked for.
import type { Change } from './variant.ts'

export type PlantedBug = { readonly name: string; readonly rule: string; readonly changes: readonly Change[] }

export const planted: readonly PlantedBug[] = [
  {
    name: 'ack-before-the-commit',
    rule: 'D1',
    changes: [
      {
        file: 'shared/acks.ts',
        find: '({ after }) => after > this.#durable',
        replace: '({ after }) => after > this.#asked',
      },
    ],
  },
  {
    name: 'ack-of-a-copy-before-its-first-copy-is-durable',
    rule: 'D1',
    changes: [
      {
        file: 'shared/room.ts',
        find: ['        return this.#waitFor(pushed.link, answerTo(pushed))', "      case 'gap'"].join('\n'),
        replace: [
          "        return pushed.wire === 'native'",
          "          ? this.#tell(pushed.link, { type: 'ack', room: this.#options.room, ranges: counterRanges([pushed.entry.counter]) })",
          "          : this.#emit({ type: 'echo', link: pushed.link, update: pushed.update })",
          "      case 'gap'",
        ].join('\n'),
      },
    ],
  },
  {
    name: 'delivery-before-the-commit',
    rule: 'D2',
    changes: [
      {
        file: 'shared/room.ts',
        find: "    this.#emit({ type: 'append', update, kind, author })",
        replace: [
          "    this.#emit({ type: 'append', update, kind, author })",
          "    if (pushed.wire === 'stock') this.#emit({ type: 'echo', link, update })",
        ].join('\n'),
      },
    ],
  },
  {
    name: 'failed-write-taken-for-written',
    rule: 'D1',
    changes: [
      {
        file: 'server/relay-host.ts',
        find: "        this.#step(tenant, { type: 'writeFailed' })",
        replace: "        this.#step(tenant, { type: 'written' })",
      },
    ],
  },
  {
    name: 'commit-not-synced',
    rule: 'D1',
    changes: [
      {
        file: 'shared/relay-store.ts',
        find: 'return { onlyIf, remove, put, durability: this.#durability }',
        replace: "return { onlyIf, remove, put, durability: 'written' }",
      },
    ],
  },
  {
    name: 'state-vector-taken-for-all-there-is',
    rule: 'D1',
    changes: [
      {
        file: 'shared/log-state.ts',
        find: '      this.#deletes.hasAll(facts.deletes)',
        replace: '      facts.deletes.length >= 0',
      },
    ],
  },
  {
    name: 'gap-by-clock-accepted',
    rule: 'C1',
    changes: [
      {
        file: 'shared/log-state.ts',
        find: ['      if (from > clock) {', '        gap ='].join('\n'),
        replace: ['      if (from < 0) {', '        gap ='].join('\n'),
      },
    ],
  },
  {
    name: 'gap-by-origin-accepted',
    rule: 'C1',
    changes: [
      {
        file: 'shared/log-state.ts',
        find: "      if (end > clock) return { reason: 'reference', client, clock }",
        replace: "      if (end < 0) return { reason: 'reference', client, clock }",
      },
    ],
  },
  {
    name: 'gap-by-delete-accepted',
    rule: 'C1',
    changes: [
      {
        file: 'shared/log-state.ts',
        find: '        if (numberAt(bounds, index) > clock) {',
        replace: '        if (numberAt(bounds, index) < 0) {',
      },
    ],
  },
  {
    name: 'cursor-of-another-branch-accepted',
    rule: 'C2',
    changes: [
      {
        file: 'shared/plan.ts',
        find: '  if (!seals.holds(epoch, knowledge.seal, knowledge.position))',
        replace: '  if (!seals.holds(epoch, knowledge.seal, knowledge.position) && knowledge.position < 0)',
      },
    ],
  },
  {
    name: 'cursor-older-than-the-tail-accepted',
    rule: 'C2',
    changes: [
      {
        file: 'shared/plan.ts',
        find: '  if (knowledge.position < servedFrom)',
        replace: '  if (knowledge.position < 0)',
      },
    ],
  },
  {
    name: 'cursor-stored-ahead-of-its-data',
    rule: 'C2',
    changes: [
      {
        file: 'shared/replica-batches.ts',
        find: '        for (const update of change.updates) this.#addRow(rowKind.confirmed, 0, entryKind.edit, update)',
        replace:
          '        for (const update of change.updates.slice(1)) this.#addRow(rowKind.confirmed, 0, entryKind.edit, update)',
      },
    ],
  },
  {
    name: 'ack-that-moves-the-cursor',
    rule: 'C2',
    changes: [
      {
        file: 'shared/replica-batches.ts',
        find: '        return this.#movePlace({ lastSaved: change.at })',
        replace: [
          '        return this.#movePlace({',
          '          lastSaved: change.at,',
          '          cursor: this.#place.cursor && { ...this.#place.cursor, position: this.#place.cursor.position + change.entries.length },',
          '        })',
        ].join('\n'),
      },
    ],
  },
  {
    name: 'saved-said-while-something-is-pending',
    rule: 'T1',
    changes: [
      {
        file: 'shared/replica-document.ts',
        find: "      isSaved: this.#role === 'leading' && inMemory === 0 && pending === 0,",
        replace: "      isSaved: this.#role === 'leading' && inMemory === 0,",
      },
    ],
  },
  {
    name: 'sent-is-taken-for-answered',
    rule: 'L1',
    changes: [
      {
        file: 'shared/replica-pushing.ts',
        find: ['    this.outbox.unsend()', '  }'].join('\n'),
        replace: '  }',
      },
    ],
  },
  {
    name: 'stored-is-said-before-it-is',
    rule: 'D3',
    changes: [
      {
        file: 'shared/replica-document.ts',
        find: ['      inMemory,', '      pending,'].join('\n'),
        replace: ['      inMemory: 0,', '      pending,'].join('\n'),
      },
    ],
  },
  {
    name: 'nothing-is-held-back-from-a-slow-reader',
    rule: 'B1',
    changes: [
      {
        file: 'shared/feeding.ts',
        find: "    if (seat.progress.is === 'fed') seat.progress = { is: 'behind', reads: undefined, wantsWord: false }",
        replace: '',
      },
    ],
  },
  {
    name: 'fold-drops-the-log-before-its-snapshot-counts',
    rule: 'D1',
    changes: [
      {
        file: 'server/relay-host.ts',
        find: '    await this.#store.writePieces(history, through, pieces)',
        replace: [
          '    await this.#store.dropFolded(history, through, through)',
          '    await this.#store.writePieces(history, through, pieces)',
        ].join('\n'),
      },
    ],
  },
  {
    name: 'fold-drops-the-newest-rows-too',
    rule: 'C2',
    changes: [
      {
        file: 'shared/relay-store.ts',
        find: '    const before = Math.min(servedFrom, through)',
        replace: '    const before = Math.max(servedFrom, through) + 1',
      },
    ],
  },
  {
    name: 'hole-in-the-rows-passed-over',
    rule: 'C1',
    changes: [
      {
        file: 'shared/relay-store.ts',
        find: 'previous !== before) hasHole = true',
        replace: 'previous !== before) hasHole = false',
      },
    ],
  },
  {
    name: 'rows-not-read-to-their-end',
    rule: 'C2',
    changes: [
      {
        file: 'shared/feeding.ts',
        find: '    const through = isEnd ? end : (rows.at(-1)?.position ?? seat.at)',
        replace: '    const through = end',
      },
    ],
  },
  {
    name: 'two-folds-at-once',
    rule: 'D1',
    changes: [{ file: 'shared/growth.ts', find: 'return !this.#isFolding && (', replace: 'return (' }],
  },
  {
    name: 'reader-behind-a-fold-reads-on-in-rows',
    rule: 'C2',
    changes: [
      {
        file: 'shared/feeding.ts',
        find: 'return seat.at < this.#goneThrough',
        replace: 'return seat.at < 0',
      },
    ],
  },
]
