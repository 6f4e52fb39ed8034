// together.test.ts — the notebook with two people, a browser each, and one of them without a network for a while.
import { expect } from 'vitest'
import { startRelayProcess } from '../relay-process.ts'
import { StockClient } from '../stock-client.ts'
import { CutLine } from './cut-line.ts'
import { NotebookPage } from './notebook-page.ts'
import { test } from './notebook-test.ts'
import { SavedWatch } from './saved-watch.ts'

test.concurrent('[C1] one reloads the page while offline and both write on: nothing is lost, nothing doubled, reactions are summed [D3] [P1]', async ({
  ann,
  bob,
  relay,
}) => {
  await using line = await CutLine.to(relay.port)
  const atAnn = await NotebookPage.open(ann, relay.port)
  await atAnn.isCalled('Ann')
  const id = await atAnn.begin('Together')
  await atAnn.write('Shared.')
  await atAnn.says('Saved')
  const atBob = await NotebookPage.open(bob, line.port, id)
  await atBob.isCalled('Bob')
  await atBob.shows('Shared.')
  await atBob.write(' From Bob.')
  await atAnn.shows('Shared. From Bob.')
  await atAnn.showsCaretOf('Bob')
  await atBob.showsCaretOf('Ann')
  await atBob.isKept()

  line.cut()
  await atAnn.page.locator('.caret-label').waitFor({ state: 'detached' })
  await atBob.write(' Bob alone.')
  await atBob.react('Heart')
  // What the disk has not taken yet is not among them, and a reload would lose it: eleven letters and a heart.
  await atBob.says('On this device only: 12 changes')
  await atAnn.write('Ann alone. ', 'Control+Home')
  await atAnn.react('Heart')
  await atAnn.react('Heart')
  await atBob.page.reload()
  await atBob.shows('Shared. From Bob. Bob alone.')
  await atBob.write(' After the reload.')
  await atBob.react('Heart')
  await atBob.showsReactions('Heart', 2)

  line.mend()
  const both = 'Ann alone. Shared. From Bob. Bob alone. After the reload.'
  await Promise.all([atAnn.shows(both), atBob.shows(both)])
  await Promise.all([atAnn.showsReactions('Heart', 4), atBob.showsReactions('Heart', 4)])
  await Promise.all([atAnn.says('Saved'), atBob.says('Saved')])
  expect(await atBob.page.evaluate(structure)).toEqual(await atAnn.page.evaluate(structure))
  await atAnn.text.focus()
  await atBob.text.focus()
  await Promise.all([atAnn.showsCaretOf('Bob'), atBob.showsCaretOf('Ann')])
  await atBob.page.close()
  await atAnn.page.locator('.caret-label').waitFor({ state: 'detached' })
  await atAnn.button('Follow Bob').waitFor({ state: 'detached' })
})

test.concurrent('[T1] the relay is killed while both type: the indicator tells it, and both meet without a reload [L1] [D1]', async ({
  ann,
  bob,
}) => {
  await using mortal = await startRelayProcess()
  const atAnn = await NotebookPage.open(ann, mortal.port)
  const id = await atAnn.begin('Killed')
  // Who begins an empty text at the same time as another makes a first paragraph, as the other does.
  await atAnn.write('|')
  const atBob = await NotebookPage.open(bob, mortal.port, id)
  await atBob.shows('|')
  const seenByAnn = await SavedWatch.of(atAnn, 'A')
  const seenByBob = await SavedWatch.of(atBob, 'B')
  await atBob.write('BB', 'Control+Home')
  await seenByBob.reaches(2)
  let isKilled = false
  const annTypes = async (): Promise<void> => {
    let letters = 0
    for (const burst of [3, 4, 5]) {
      await atAnn.write('A'.repeat(burst), 'Control+End')
      letters += burst
      await seenByAnn.reaches(letters)
    }
    const typing = atAnn.write('A'.repeat(6), 'Control+End')
    await mortal.kill()
    isKilled = true
    await typing
  }
  let lettersOfBob = 2
  const bobTypes = async (): Promise<void> => {
    while (!isKilled) {
      await atBob.write('BB', 'Control+Home')
      lettersOfBob += 2
      await atBob.says(/^(Saved|On this device only|Offline)/)
    }
  }
  await Promise.all([annTypes(), bobTypes()])
  await Promise.all([
    atAnn.says(/^(On this device only|Offline)/),
    atBob.says(/^(On this device only|Offline)/),
  ])
  await atAnn.write('AAA')
  await atAnn.says(/^On this device only: \d+ changes$/)
  // Whatever a page ever called saved is on the relay's disk, whatever the pages still have.
  const onDisk = await proseAt(mortal.data, id)
  const [ofAnn, ofBob] = await Promise.all([seenByAnn.most, seenByBob.most])
  expect(onDisk.split('A').length - 1).toBeGreaterThanOrEqual(ofAnn)
  expect(onDisk.split('B').length - 1).toBeGreaterThanOrEqual(ofBob)

  await using risen = await startRelayProcess({ data: mortal.data, port: mortal.port })
  const both = `${'B'.repeat(lettersOfBob)}|${'A'.repeat(3 + 4 + 5 + 6 + 3)}`
  await Promise.all([atAnn.shows(both), atBob.shows(both)])
  await Promise.all([atAnn.says('Saved'), atBob.says('Saved')])
  expect(risen.port).toBe(mortal.port)
})

test.concurrent('[D3] three tabs are one writer on one socket; who talks is closed while another types', async ({
  ann,
  bob,
  relay,
}) => {
  const first = await NotebookPage.open(ann, relay.port)
  const id = await first.begin('Tabs')
  await first.says('Saved')
  ann.requested.length = 0
  const second = await NotebookPage.open(ann, relay.port, id)
  const third = await NotebookPage.open(ann, relay.port, id)
  await second.write('typed in the second')
  await third.shows('typed in the second')
  expect(ann.requested.filter(({ protocol }) => protocol === 'ws:')).toEqual([])
  await Promise.all([first.page.close(), second.write(', and on')])
  await third.shows('typed in the second, and on')
  await second.says('Saved')
  const atBob = await NotebookPage.open(bob, relay.port, id)
  await atBob.shows('typed in the second, and on')
})

test.concurrent('[D3] undo takes back one’s own words alone', async ({ ann, bob, relay }) => {
  const atAnn = await NotebookPage.open(ann, relay.port)
  const id = await atAnn.begin('Undone')
  const atBob = await NotebookPage.open(bob, relay.port, id)
  // At once: letters with half a second between them are undone one after the other.
  await atAnn.paste({ 'text/plain': 'Ann.' })
  await atBob.shows('Ann.')
  await atBob.write(' Bob.')
  await atAnn.shows('Ann. Bob.')
  await atAnn.page.keyboard.press('Control+z')
  await Promise.all([atAnn.shows(' Bob.'), atBob.shows(' Bob.')])
  await atAnn.page.keyboard.press('Control+y')
  await Promise.all([atAnn.shows('Ann. Bob.'), atBob.shows('Ann. Bob.')])
})

test.concurrent('[P1] who follows somebody sees where they are, until a key or a wheel of one’s own', async ({
  ann,
  bob,
  relay,
}) => {
  const atAnn = await NotebookPage.open(ann, relay.port)
  await atAnn.isCalled('Ann')
  const id = await atAnn.begin('Followed')
  await atAnn.paste({ 'text/plain': 'First.' + '\n'.repeat(60) + 'Last.' })
  const atBob = await NotebookPage.open(bob, relay.port, id)
  const isCaretSeen = (): Promise<unknown> =>
    atBob.until(() => {
      const { top = -1, bottom = Infinity } = document.querySelector('.caret')?.getBoundingClientRect() ?? {}
      return top > 0 && bottom < innerHeight
    }, undefined)
  await atBob.showsCaretOf('Ann')
  await atBob.button('Follow Ann').click()
  await atBob.page.getByText('Following Ann').waitFor()
  await isCaretSeen()
  await atAnn.page.keyboard.press('Control+Home')
  await isCaretSeen()
  await atAnn.page.keyboard.press('Control+End')
  await isCaretSeen()

  await atBob.page.mouse.move(600, 400)
  await atBob.page.mouse.wheel(0, -100)
  await atBob.page.getByText('Following Ann').waitFor({ state: 'detached' })
  await atBob.button('Follow Ann').click()
  await atBob.page.getByText('Following Ann').waitFor()
  await atBob.write('Mine. ', 'Control+Home')
  await atBob.page.getByText('Following Ann').waitFor({ state: 'detached' })
  await atBob.button('Follow Ann').click()
  await atAnn.page.close()
  await atBob.page.getByText('Following Ann').waitFor({ state: 'detached' })
})

/** In the page: state vector and delete set of the document that is shown, of which the same text is no proof. */
function structure(): unknown {
  type Struct = {
    readonly id: { readonly clock: number }
    readonly length: number
    readonly deleted: boolean
  }
  type Shown = { state: Record<'y-sync$', { doc: { store: { clients: Map<number, Struct[]> } } }> }
  const { editor } = document.querySelector('.ProseMirror') as unknown as { editor: Shown }
  const { clients } = editor.state['y-sync$'].doc.store
  return [...clients]
    .map(([client, structs]) => {
      // A replica may have cut in two what is one elsewhere.
      const deleted: [number, number][] = []
      let end = 0
      for (const struct of structs) {
        const last = deleted.at(-1)
        end = struct.id.clock + struct.length
        if (!struct.deleted) continue
        if (last?.[1] === struct.id.clock) last[1] = end
        else deleted.push([struct.id.clock, end])
      }
      return { client, end, deleted }
    })
    .toSorted((one, other) => one.client - other.client)
}

async function proseAt(data: string, id: string): Promise<string> {
  await using relayAlone = await startRelayProcess({ data })
  using reader = new StockClient(relayAlone.url, `notebook/${id}`)
  await reader.synced()
  return reader.doc.getXmlFragment('prose').toString()
}
