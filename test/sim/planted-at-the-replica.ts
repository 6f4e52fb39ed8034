// planted-at-the-replica.ts — bugs of the device's half, each one line of the real sources and the rule that it breaks.
// Must not know: how they are looked for.
import type { PlantedBug } from './planted.ts'

export const plantedAtTheReplica: readonly PlantedBug[] = [
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
    name: 'saved-said-while-something-is-refused',
    rule: 'T1',
    changes: [{ file: 'shared/replica-document.ts', find: ' && this.#filed === 0,', replace: ',' }],
  },
  {
    name: 'saved-said-while-something-is-pending',
    rule: 'T1',
    changes: [
      {
        file: 'shared/replica-document.ts',
        find: "isSaved: this.#role === 'leading' && inMemory === 0 && pending === 0 &&",
        replace: "isSaved: this.#role === 'leading' && inMemory === 0 &&",
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
    name: 'derived-delete-counted-as-an-edit',
    rule: 'D3',
    changes: [
      {
        file: 'shared/replica-document.ts',
        find: '        return this.#edit(input.update, entryKind.derived, input.made, now)',
        replace: '        return this.#edit(input.update, entryKind.edit, input.made, now)',
      },
    ],
  },
  {
    name: 'refused-and-not-filed',
    rule: 'D3',
    changes: [
      {
        file: 'shared/replica-batches.ts',
        find: '      if (entry.kind === entryKind.edit)\n        this.#file(',
        replace: '      if (entry.kind === entryKind.derived)\n        this.#file(',
      },
    ],
  },
  {
    name: 'on-its-way-to-the-inbox-is-taken-for-stored',
    rule: 'D3',
    changes: [
      {
        file: 'shared/replica-document.ts',
        find: 'outbox.inMemory + refusedInMemory',
        replace: 'outbox.inMemory',
      },
    ],
  },
  {
    name: 'up-to-date-behind-the-head',
    rule: 'T1',
    changes: [
      {
        file: 'shared/replica-document.ts',
        find: 'isUpToDate: this.#link.isAtHead && compared',
        replace: 'isUpToDate: this.#link.takesPushes && compared',
      },
    ],
  },
  {
    name: 'up-to-date-from-the-handshake-alone',
    rule: 'T1',
    changes: [
      {
        file: 'shared/replica-document.ts',
        find: 'isUpToDate: this.#link.isAtHead && compared === comparison.equal',
        replace: 'isUpToDate: this.#link.isAtHead && compared !== comparison.different',
      },
    ],
  },
  {
    name: 'refusal-without-a-rebuild',
    rule: 'R1',
    changes: [
      {
        file: 'shared/replica-batches.ts',
        find: '    this.#moveHead({ generation: this.#head.generation + 1 })\n  }\n\n  #replace',
        replace: '  }\n\n  #replace',
      },
    ],
  },
  {
    name: 'stale-epoch-merged',
    rule: 'E1',
    changes: [
      {
        file: 'shared/plan.ts',
        find: '  if (!equalBytes(knowledge.epoch, epoch)) return',
        replace:
          '  if (!equalBytes(knowledge.epoch, epoch)) return exchange(planReason.asked, serving)\n  if (knowledge.epoch.length === 0) return',
      },
      {
        file: 'shared/replica-link.ts',
        find: '    const isOther = this.#epoch.length > 0 && !equalBytes(epoch, this.#epoch)',
        replace: '    const isOther = this.#epoch.length > 0 && epoch.length === 0',
      },
    ],
  },
  {
    name: 'broadcast-trusted',
    rule: 'L1',
    changes: [
      {
        file: 'shared/tabs.ts',
        find: '        if (hasNews) this.#read(input.document, followed)',
        replace: '        if (hasNews) followed.through = input.last',
      },
    ],
  },
  {
    name: 'outbox-in-another-order-than-its-rows',
    rule: 'D3',
    changes: [
      {
        file: 'shared/replica-outbox.ts',
        find: 'this.#stored.add(entry, (other) => inOrder(other, entry) > 0)',
        replace: 'this.#stored.addFirst(entry)',
      },
    ],
  },
  {
    name: 'rebuilt-without-what-was-just-shown',
    rule: 'L1',
    changes: [
      { file: 'shared/replica-document.ts', find: '      ...this.#link.shownAlready,\n', replace: '' },
    ],
  },
]
