// files.ts — files that a person gives to the page, or takes from it.

export function pickTextFile(accept: string): Promise<{ name: string; text: string } | undefined> {
  const input = document.createElement('input')
  input.type = 'file'
  input.accept = accept
  return new Promise((resolve, reject) => {
    input.addEventListener('cancel', () => resolve(undefined))
    input.addEventListener('change', () => {
      const file = input.files?.[0]
      if (file === undefined) resolve(undefined)
      else file.text().then((text) => resolve({ name: file.name, text }), reject)
    })
    input.click()
  })
}

export function saveFile(name: string, type: string, text: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([text], { type }))
  link.download = name
  link.click()
  // The browser has taken it by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}

/** What no disk minds in a name. */
export function fileName(title: string, ending: string): string {
  const name = title.replace(/[\\/:*?"<>|\p{Cc}]+/gu, ' ').trim()
  return `${name || 'document'}.${ending}`
}
