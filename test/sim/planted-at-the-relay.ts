// planted-at-the-relay.ts — bugs of the relay's half, each one line of the real sources and the rule that it breaks. Must not
// know: how they are looked for.
import type { PlantedBug } from './planted.ts'

export const plantedAtTheRelay: readonly PlantedBug[] = [
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
        file: 'shared/intake.ts',
        find: ['        return this.#wait(pushed.link, answerTo(pushed))', "      case 'gap'"].join('\n'),
        replace: [
          "        return pushed.wire === 'native'",
          "          ? this.#parts.emit({ type: 'tell', link: pushed.link, message: { type: 'ack', room: this.#parts.room, ranges: [{ from: pushed.entry.counter, count: 1 }] } })",
          "          : this.#parts.emit({ type: 'echo', link: pushed.link, update: pushed.update })",
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
        file: 'shared/intake.ts',
        find: "    this.#parts.emit({ type: 'append', update, kind, author })",
        replace: [
          "    this.#parts.emit({ type: 'append', update, kind, author })",
          "    if (pushed.wire === 'stock') this.#parts.emit({ type: 'echo', link, update })",
        ].join('\n'),
      },
    ],
  },
  {
    name: 'failed-write-taken-for-written',
    rule: 'D1',
    changes: [
      {
        file: 'server/tenant-disk.ts',
        find: "          this.#tell({ type: 'writeFailed' })",
        replace: "          this.#tell({ type: 'written' })",
      },
    ],
  },
  {
    name: 'commit-not-synced',
    rule: 'D1',
    changes: [
      {
        file: 'shared/relay-store.ts',
        find: '{ ...batchOf(tenant, commit), durability: this.#durability }',
        replace: "{ ...batchOf(tenant, commit), durability: 'written' }",
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
        find: ['    if (from > clock) {', '      gap ='].join('\n'),
        replace: ['    if (from < 0) {', '      gap ='].join('\n'),
      },
    ],
  },
  {
    name: 'gap-by-origin-accepted',
    rule: 'C1',
    changes: [
      {
        file: 'shared/log-state.ts',
        find: "    if (end > clock) return { reason: 'reference', client, clock }",
        replace: "    if (end < 0) return { reason: 'reference', client, clock }",
      },
    ],
  },
  {
    name: 'gap-by-delete-accepted',
    rule: 'C1',
    changes: [
      {
        file: 'shared/log-state.ts',
        find: '      if (numberAt(bounds, index) > clock) {',
        replace: '      if (numberAt(bounds, index) < 0) {',
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
        file: 'server/room-work.ts',
        find: '    await this.#store.writePieces(history, through, snapshot)',
        replace: [
          '    await this.#store.dropFolded(history, through, through)',
          '    await this.#store.writePieces(history, through, snapshot)',
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
    changes: [{ file: 'shared/growth.ts', find: 'if (this.#isFolding || ', replace: 'if (' }],
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
  {
    name: 'what-the-log-has-is-refused-all-the-same',
    rule: 'D3',
    changes: [
      {
        file: 'shared/intake.ts',
        find: '    if (isKnown(pushed.update, this.#log)) return this.#wait(pushed.link, answerTo(pushed))\n',
        replace: '',
      },
    ],
  },
  {
    name: 'held-back-asked-for-never',
    rule: 'L1',
    changes: [
      {
        file: 'shared/intake.ts',
        find: '    if (wasAsked || this.#askedLinks?.has(pushed.link) === true) return',
        replace: '    if (pushed.update.length > 0) return',
      },
    ],
  },
  {
    name: 'answer-told-and-not-kept',
    rule: 'R1',
    changes: [
      {
        file: 'shared/commit-batch.ts',
        find: 'of commit.keep) {',
        replace: 'of commit.keep.slice(1)) {',
      },
    ],
  },
  {
    name: 'older-socket-may-still-write',
    rule: 'R1',
    changes: [
      {
        file: 'shared/writing-rights.ts',
        find: '    for (const other of this.#attendance.linksOf(owner)) this.#change(other, false)',
        replace: '',
      },
    ],
  },
  {
    name: 'presence-outlives-its-replica',
    rule: 'P1',
    changes: [
      {
        file: 'shared/presence.ts',
        find: 'else if (known.expiresAt <= now) this.#end(client, known, known.entry.clock, now)',
        replace:
          'else if (known.expiresAt <= now) this.#known.set(client, { ...known, expiresAt: now + 9e9, lostAt: undefined })',
      },
    ],
  },
  {
    name: 'opened-without-the-right-to-read',
    rule: 'S1',
    changes: [
      {
        file: 'shared/session-links.ts',
        find: '    if ((rights & right.read) === 0) {',
        replace: '    if ((rights & right.read) > 3) {',
      },
    ],
  },
  {
    name: 'told-at-once-that-a-token-expires',
    rule: 'L1',
    changes: [
      {
        file: 'shared/session-clock.ts',
        find: 'Math.max(now + Math.floor((expiresAt - now) / 2), expiresAt - 60_000)',
        replace: 'Math.max(now, expiresAt - 60_000)',
      },
    ],
  },
]
