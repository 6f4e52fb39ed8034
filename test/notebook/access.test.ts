// access.test.ts — the notebook for who does not see it, or uses no mouse: axe on each part of the page, light and dark, and
// a way through it by keys alone.
import axe from 'axe-core'
import { expect } from 'vitest'
import { NotebookPage } from './notebook-page.ts'
import { test } from './notebook-test.ts'

type Violation = { readonly id: string; readonly nodes: readonly { readonly html: string }[] }

test.concurrent.for(['light', 'dark'] as const)(
  'axe finds nothing on the list, the editor and the panel: %s',
  async (colorScheme, { ann, relay }) => {
    const page = await NotebookPage.open(ann, relay.port)
    await page.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.begin(`Seen in ${colorScheme}`)
    await page.write('# Heading\nwords https://example.org and `code`\n[ ] task\n\n> quote')
    await page.button('Table').click()
    for (const heading of ['A', 'B', 'C']) {
      await page.page.keyboard.type(heading)
      await page.page.keyboard.press('Tab')
    }
    await page.says('Saved')
    expect(await violations(page)).toEqual([])
    await page
      .button(/^What is saved/)
      .last()
      .click()
    await page.page.getByRole('dialog', { name: 'What is saved' }).waitFor()
    expect(await violations(page)).toEqual([])
    await page.page.keyboard.press('Escape')
    await page.page.setViewportSize({ width: 390, height: 780 })
    expect(await violations(page)).toEqual([])
    await page.page.getByRole('link', { name: 'Back to the documents' }).click()
    await page.page
      .getByRole('link', { name: /^Seen in/ })
      .first()
      .waitFor()
    expect(await violations(page)).toEqual([])
  },
)

test.concurrent('by keys alone: into the tools and back to the text, the menu, the panel', async ({
  ann,
  relay,
}) => {
  const page = await NotebookPage.open(ann, relay.port)
  const { keyboard } = page.page
  await page.begin('Keys')
  await page.write('words')
  await page.button('To the text').focus()
  await keyboard.press('Enter')
  await page.page.locator('.ProseMirror:focus').waitFor()
  await keyboard.press('Control+a')
  await page.button('Heading 1').focus()
  await keyboard.press('ArrowRight')
  await keyboard.press('Enter')
  await page.text.locator('h2').waitFor()
  await page.page.locator('.ProseMirror:focus').waitFor()
  await page.page
    .locator('.bar')
    .getByRole('button', { name: /^Actions for/ })
    .focus()
  await keyboard.press('Enter')
  await keyboard.press('End')
  await keyboard.press('Enter')
  await page.page.getByText('This document is in the trash.').waitFor()
  await page
    .button(/^What is saved/)
    .last()
    .focus()
  await keyboard.press('Enter')
  await page.page.getByRole('dialog', { name: 'What is saved' }).waitFor()
  await keyboard.press('Escape')
  await page.page.locator('.indicator:focus').waitFor()
})

test.concurrent('the text stays where it is when the tools for a table come, and finding hides neither tools nor title', async ({
  ann,
  relay,
}) => {
  const page = await NotebookPage.open(ann, relay.port)
  await page.begin('Still')
  const top = async (what: string): Promise<number> => (await page.page.locator(what).boundingBox())?.y ?? NaN
  const before = await top('.prose')
  await page.button('Table').click()
  await page.text.locator('table').waitFor()
  await page.page.locator('.toolbar').getByRole('button', { name: 'Table' }).last().waitFor()
  expect(await top('.prose')).toBe(before)
  for (const width of [1200, 390]) {
    await page.page.setViewportSize({ width, height: 780 })
    await page.button('Find').click()
    const field = page.page.getByRole('textbox', { name: 'Find' })
    await field.waitFor()
    await page.title.click({ trial: true })
    await page.button('Undo').click({ trial: true })
    expect(await reachesScreen(page, 'Undo')).toBe(true)
    await field.press('Escape')
  }
})

test.concurrent('on a phone a notice lies over no tool', async ({ ann, relay }) => {
  const page = await NotebookPage.open(ann, relay.port)
  await page.page.setViewportSize({ width: 390, height: 780 })
  await page.begin('Noticed')
  await page.choose(/^Actions for Noticed$/, 'Copy link')
  await page.until(() => {
    const [notice, tools] = ['.notice', '.toolbar'].map((one) => document.querySelector(one))
    if (!notice || !tools) return false
    return notice.getBoundingClientRect().bottom <= tools.getBoundingClientRect().top
  }, undefined)
})

/** Without being scrolled to. */
async function reachesScreen({ page }: NotebookPage, name: string): Promise<boolean> {
  const { x = NaN, width = NaN } = (await page.getByRole('button', { name }).boundingBox()) ?? {}
  return x >= 0 && x + width <= (page.viewportSize()?.width ?? 0)
}

test.concurrent('who asked for less motion sees none', async ({ ann, relay }) => {
  const page = await NotebookPage.open(ann, relay.port)
  await page.begin('Calm')
  const moving = (): Promise<number> =>
    page.page.evaluate(() => {
      const styles = [...document.querySelectorAll('*')].map((element) => getComputedStyle(element))
      const moves = ({
        transitionDuration,
        transitionProperty,
        animationName,
      }: CSSStyleDeclaration): boolean =>
        (transitionProperty !== 'none' && transitionDuration !== '0s') || animationName !== 'none'
      return styles.filter(moves).length
    })
  expect(await moving()).toBeGreaterThan(0)
  await page.page.emulateMedia({ reducedMotion: 'reduce' })
  expect(await moving()).toBe(0)
})

async function violations({ page }: NotebookPage): Promise<string[]> {
  // By the devtools, for the page's own policy lets no script in.
  await page.evaluate(axe.source)
  const { violations: found } = await page.evaluate<{ violations: Violation[] }>('axe.run()')
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
}
