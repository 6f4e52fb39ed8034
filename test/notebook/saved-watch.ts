// saved-watch.ts — what a page called saved, frame by frame, in letters that nobody else types. Knows: the indicator's place.
import type { NotebookPage } from './notebook-page.ts'

export class SavedWatch {
  readonly #page: NotebookPage

  private constructor(page: NotebookPage) {
    this.#page = page
  }

  static async of(page: NotebookPage, letter: string): Promise<SavedWatch> {
    await page.page.evaluate((own) => {
      const state = { most: 0 }
      Reflect.set(globalThis, 'savedWatch', state)
      const look = (): void => {
        if (document.querySelector('.bar .indicator')?.getAttribute('data-is') === 'saved') {
          const text = document.querySelector('.ProseMirror')?.cloneNode(true) as Element | undefined
          // A guest may be called Badger.
          for (const caret of text?.querySelectorAll('.caret') ?? []) caret.remove()
          const letters = (text?.textContent ?? '').split(own).length - 1
          state.most = Math.max(state.most, letters)
        }
        requestAnimationFrame(look)
      }
      look()
    }, letter)
    return new SavedWatch(page)
  }

  /** Resolves when so many of the letters were called saved. */
  reaches(count: number): Promise<unknown> {
    return this.#page.until((letters) => Reflect.get(globalThis, 'savedWatch').most >= letters, count)
  }

  /** How many of the letters were ever in the text while it said that all of one's own was saved. */
  get most(): Promise<number> {
    return this.#page.page.evaluate(() => (Reflect.get(globalThis, 'savedWatch') as { most: number }).most)
  }
}
