// tenant-phases.test.ts — every input in every phase of a tenant, as its table has it; and what comes before its store is
// open: it waits where it belongs, in bounds, and nothing is read or given before the branch of the opening is on the disk.
import { describe, expect, test } from 'vitest'
import { documentStage } from '../../shared/document-state.ts'
import { Joins } from '../../shared/joins.ts'
import { earlyInputsMax, earlyLinkInputsMax } from '../../shared/limits.ts'
import { closedCode, right } from '../../shared/message.ts'
import { Overload } from '../../shared/overload.ts'
import type { RoomInput } from '../../shared/room-words.ts'
import { Tenant } from '../../shared/tenant.ts'
import { meanings } from '../../shared/tenant-words.ts'
import type { TenantEffect, TenantInput, TenantPhase } from '../../shared/tenant-words.ts'
import { joined, loaded } from './relay-room.ts'

const document = 'story'
const id = new Uint8Array(16)
const grant = { subject: 'ana', rightsVersion: 1, rightsOf: () => right.read }

class TestTenant {
  readonly machine: Tenant

  constructor() {
    const overload = new Overload()
    this.machine = new Tenant({
      name: '',
      key: new Uint8Array(32),
      nextRoom: () => 1,
      isJudged: () => false,
      documentBytesMax: Infinity,
      classOf: () => 'normal',
      overload,
      joins: new Joins(overload, 0),
    })
  }

  tell(...inputs: readonly TenantInput[]): readonly TenantEffect[] {
    return inputs.flatMap((input) => this.machine.step(input, 0))
  }

  and(...inputs: readonly TenantInput[]): this {
    this.tell(...inputs)
    return this
  }
}

const happened = (input: RoomInput, on = document): TenantInput => ({ type: 'happened', document: on, input })
const asked = { type: 'changesAsked', link: 9, cursor: new Uint8Array(), follow: false, grant } as const

const inputs: { readonly [Type in TenantInput['type']]: TenantInput & { readonly type: Type } } = {
  storeRead: { type: 'storeRead', head: 7, branches: [], minted: id, cleanUps: [] },
  happened: { type: 'happened', document, input: joined(1) },
  performed: { type: 'performed', document, epoch: id, input: { type: 'gathered' } },
  documentRead: { type: 'documentRead', document, loaded },
  workspace: { type: 'workspace', input: asked },
  replaceAsked: {
    type: 'replaceAsked',
    document,
    request: 1,
    by: { epoch: id, stage: documentStage.live, pieces: [] },
  },
  turnEnded: { type: 'turnEnded' },
  written: { type: 'written' },
  writeFailed: { type: 'writeFailed' },
  woken: { type: 'woken' },
}

const reach: Record<TenantPhase, () => TestTenant> = {
  reading: () => new TestTenant(),
  branching: () => reach.reading().and(inputs.storeRead),
  open: () => reach.branching().and(inputs.written),
}

/** Through the phases that are left, to one that is open. */
function goOn(tenant: TestTenant): readonly TenantEffect[] {
  return [
    ...(tenant.machine.phase === 'reading' ? tenant.tell(inputs.storeRead) : []),
    ...(tenant.machine.phase === 'branching' ? tenant.tell(inputs.written) : []),
  ]
}

const phases = Object.keys(reach) as TenantPhase[]
const types = Object.keys(inputs) as TenantInput['type'][]

describe.each(phases)('[L1] while it is %s', (phase) => {
  test('[L1] is a phase that a tenant gets into', () => {
    expect(reach[phase]().machine.phase).toBe(phase)
  })

  const typesThat = (meaning: string) => types.filter((type) => meanings[phase][type] === meaning)

  test.each(typesThat('take'))('[L1] %s is taken, and it opens all the same', (type) => {
    const tenant = reach[phase]()
    // A room has to be there for these, and a write under way.
    if (phase === 'open' && type !== 'happened') tenant.tell(inputs.happened, inputs.replaceAsked)
    if (phase === 'open' && (type === 'written' || type === 'writeFailed'))
      tenant.tell(inputs.documentRead, inputs.turnEnded)
    expect(() => tenant.tell(inputs[type])).not.toThrow()
    if (type === 'writeFailed') tenant.machine.step({ type: 'woken' }, 9_999)
    goOn(tenant)
    expect(tenant.machine.phase).toBe('open')
  })

  const kept = typesThat('keep')
  if (kept.length > 0)
    test.each(kept)('[L1] %s waits, and comes to the same as if it had come later', (type) => {
      const [early, late] = [reach[phase](), reach[phase]()]
      expect(early.tell(inputs[type])).toEqual([])
      expect(goOn(early)).toEqual([...goOn(late), ...late.tell(inputs[type])])
    })

  const passed = typesThat('pass')
  if (passed.length > 0)
    test.each(passed)('[L1] %s means nothing', (type) => {
      const [told, untold] = [reach[phase](), reach[phase]()]
      expect(told.tell(inputs[type])).toEqual([])
      expect(goOn(told)).toEqual(goOn(untold))
    })

  test.each(typesThat('fault'))('[L1] %s is nothing that a peer or the world can bring about', (type) => {
    expect(() => reach[phase]().tell(inputs[type])).toThrow(`A tenant that is ${phase} was told «${type}».`)
  })
})

describe('before its store is open', () => {
  const opening: readonly TenantPhase[] = ['reading', 'branching']

  test.each(opening)('[D1] [E1] while it is %s, nothing is read of what is opened or replaced', (phase) => {
    const tenant = reach[phase]()
    expect(tenant.tell(inputs.happened, inputs.replaceAsked)).toEqual([])
    const effects = goOn(tenant)
    expect(effects.filter(({ type }) => type === 'readDocument')).toEqual([
      { type: 'readDocument', document },
    ])
    const after = tenant.tell(inputs.documentRead, inputs.turnEnded, inputs.written)
    expect(after).toContainEqual({ type: 'replaced', request: 1 })
  })

  test.each(opening)(
    '[B1] while it is %s, a link that says more than is kept is told to come again',
    (phase) => {
      const tenant = reach[phase]().and(happened(joined(1)))
      const ask = happened({ type: 'presenceAsked', link: 1 })
      for (let count = 1; count < earlyLinkInputsMax; count++) expect(tenant.tell(ask)).toEqual([])
      expect(tenant.tell(ask)).toMatchObject([
        { type: 'perform', effect: { type: 'close', link: 1, code: closedCode.notNow } },
      ])
    },
  )

  test.each(opening)('[B1] while it is %s, of who came and went there is nothing left', (phase) => {
    const tenant = reach[phase]()
    for (let link = 1; link < 100; link++) {
      const on = `document ${link}`
      tenant.tell(happened(joined(link), on), happened({ type: 'left', link, saidSo: true }, on))
    }
    expect(tenant.machine.openDocuments).toBe(0)
    expect(goOn(tenant).filter(({ type }) => type === 'readDocument')).toEqual([])
  })

  test('[B1] a disk that refuses and refuses leaves nothing behind in it', () => {
    const tenant = reach.branching()
    const refused = (time: number): readonly TenantEffect[] => [
      ...tenant.machine.step(inputs.writeFailed, time),
      ...tenant.machine.step(inputs.turnEnded, time),
      ...tenant.machine.step(inputs.woken, time + 60_000),
    ]
    const first = refused(0).map(({ type }) => type)
    expect(first).toEqual(['sayReady', 'wakeAt', 'write'])
    for (let time = 100_000; time < 2_000_000; time += 100_000)
      expect(refused(time).map(({ type }) => type)).toEqual(['wakeAt', 'write'])
    expect(tenant.tell(inputs.written).map(({ type }) => type)).toEqual(['sayReady'])
  })
})

test('[B1] what is kept counts over all documents of a tenant that are being read, and no more once they are', () => {
  const tenant = reach.open().and(happened(joined(2), 'other'))
  const ask = (link: number, on: string) => happened({ type: 'presenceAsked', link }, on)
  const links = earlyInputsMax / earlyLinkInputsMax
  for (let link = 11; link <= 10 + links; link++) {
    tenant.tell(happened(joined(link)))
    // One less of the last: there is the other document.
    const most = earlyLinkInputsMax - (link === 10 + links ? 1 : 0)
    for (let count = 1; count < most; count++) expect(tenant.tell(ask(link, document))).toEqual([])
  }
  const toComeAgain = [{ type: 'perform', effect: { type: 'close', link: 2, code: closedCode.notNow } }]
  expect(tenant.tell(ask(2, 'other'))).toMatchObject(toComeAgain)
  tenant.tell(inputs.documentRead)
  expect(tenant.tell(ask(2, 'other'))).toEqual([])
})

test('[B1] a document that is being read stays until it is, whoever has left', () => {
  const tenant = reach.open().and(inputs.happened, happened({ type: 'left', link: 1, saidSo: true }))
  expect(tenant.machine.openDocuments).toBe(1)
  expect(tenant.tell(inputs.documentRead)).toEqual([{ type: 'forgetDocument', document }])
})
