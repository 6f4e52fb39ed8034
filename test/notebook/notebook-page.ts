// notebook-page.ts — the notebook in a browser, in the words of who uses it: by roles and names, as ears find things. Knows:
// what the page says. Must not know: its elements' classes, but where nothing else tells them apart.
import type { Locator, Page } from 'playwright-core'
import type { Device } from './device.ts'

export class NotebookPage {
  readonly page: Page

  constructor(page: Page) {
    this.page = page
  }

  /** Resolves when the list is there. */
  static async open(device: Device, port: number, id?: string): Promise<NotebookPage> {
    const hash = id === undefined ? '' : `#doc=${id}`
    const opened = new NotebookPage(await device.open(`http://127.0.0.1:${port}/notebook/${hash}`))
    await opened.page
      .getByRole('button', { name: 'New document' })
      .and(opened.page.locator(':enabled'))
      .waitFor()
    if (id !== undefined) await opened.text.waitFor()
    return opened
  }

  get text(): Locator {
    return this.page.locator('.ProseMirror')
  }

  get title(): Locator {
    return this.page.getByRole('textbox', { name: 'Title', exact: true })
  }

  /** Titles in the list, as it stands. */
  get titles(): Promise<string[]> {
    return this.page.locator('.entry-title').allTextContents()
  }

  get id(): string {
    return new URLSearchParams(new URL(this.page.url()).hash.slice(1)).get('doc') ?? ''
  }

  button(name: string | RegExp): Locator {
    return this.page.getByRole('button', { name })
  }

  /** Gives its id. */
  async begin(title: string): Promise<string> {
    const before = this.id
    await this.button('New document').click()
    await this.page.waitForFunction(
      (old) => new URLSearchParams(location.hash.slice(1)).get('doc') !== old,
      before === '' ? null : before,
    )
    await this.title.and(this.page.locator('[placeholder]:focus')).fill(title)
    // There is nowhere to go on before the text is there.
    await this.page.getByRole('toolbar', { name: 'Formatting' }).waitFor()
    await this.title.press('Enter')
    await this.page.locator('.ProseMirror:focus').waitFor()
    return this.id
  }

  async write(words: string, where: 'Control+Home' | 'Control+End' = 'Control+End'): Promise<void> {
    // What is typed before is typed into nothing.
    await this.page.locator('.ProseMirror[contenteditable=true]').focus()
    await this.page.keyboard.press(where)
    await this.page.keyboard.type(words)
  }

  async paste(said: Readonly<Record<string, string>>): Promise<void> {
    await this.text.evaluate((text, words) => {
      const clipboardData = new DataTransfer()
      for (const [type, data] of Object.entries(words)) clipboardData.setData(type, data)
      text.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))
    }, said)
  }

  /** What the text is, without the names at the carets of others. */
  shows(words: string): Promise<unknown> {
    return this.until((expected) => {
      const text = document.querySelector('.ProseMirror')?.cloneNode(true) as Element | undefined
      for (const caret of text?.querySelectorAll('.caret') ?? []) caret.remove()
      return text?.textContent === expected
    }, words)
  }

  isTitled(title: string): Promise<unknown> {
    return this.until(
      (expected) => [...document.querySelectorAll('textarea')].some(({ value }) => value === expected),
      title,
    )
  }

  /** The parts that are marked as new. */
  get news(): Promise<string[]> {
    return this.page.locator('.news-part').evaluateAll((parts) =>
      parts.map((part) => {
        const text = part.cloneNode(true) as Element
        for (const caret of text.querySelectorAll('.caret')) caret.remove()
        return text.textContent ?? ''
      }),
    )
  }

  showsCaretOf(name: string): Promise<void> {
    return this.page.locator('.caret-label', { hasText: name }).waitFor()
  }

  async isCalled(name: string): Promise<void> {
    await this.page.locator('.you').click()
    await this.page.getByRole('textbox', { name: 'Name' }).fill(name)
    await this.button('Apply').click()
  }

  async choose(menu: RegExp, item: string): Promise<void> {
    await this.page.getByRole('button', { name: menu }).last().click()
    await this.page.getByRole('menuitem', { name: item, exact: true }).click()
  }

  /** The one line that says what is saved. */
  says(words: string | RegExp): Promise<void> {
    return this.page.locator('.indicator:visible').filter({ hasText: words }).first().waitFor()
  }

  async openPanel(): Promise<void> {
    await this.page.locator('.indicator:visible').first().click()
    await this.page.getByRole('dialog', { name: 'What is saved' }).waitFor()
  }

  async closePanel(): Promise<void> {
    await this.page.keyboard.press('Escape')
    await this.page.getByRole('dialog', { name: 'What is saved' }).waitFor({ state: 'detached' })
  }

  async react(kind: string): Promise<void> {
    await this.button(new RegExp(`^${kind}, `)).click()
  }

  showsReactions(kind: string, count: number): Promise<void> {
    return this.button(`${kind}, ${count}`).waitFor()
  }

  until<Argument>(holds: (argument: Argument) => boolean, argument: Argument): Promise<unknown> {
    // Frame by frame, as it would be else, a waiting page keeps a processor busy.
    return this.page.waitForFunction(holds as (argument: unknown) => boolean, argument, { polling: 50 })
  }

  /** From then on the page opens without the relay. */
  async isKept(): Promise<void> {
    await this.page.evaluate(async () => {
      const { active } = await navigator.serviceWorker.ready
      if (active?.state === 'activated') return
      await new Promise((resolve) => active?.addEventListener('statechange', resolve, { once: true }))
    })
  }
}
