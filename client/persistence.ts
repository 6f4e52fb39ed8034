// persistence.ts — what a browser promises of the room that it lends. Knows: navigator.storage, which pages that are not
// secure do not have: they are promised nothing. Must not know: what is kept.

/** By the browser's own estimate, of all that this origin keeps. */
export type Room = { readonly usedBytes: number; readonly quotaBytes: number }

const askedKey = 'syncline:asked-to-keep'
const weekMs = 7 * 24 * 60 * 60_000

/** Whether it will clear nothing for want of room. Some browsers ask the person: then not again for a week. */
export async function askToKeep(): Promise<boolean> {
  const { storage } = navigator
  if (await storage.persisted()) return true
  if (Date.now() - Number(localStorage.getItem(askedKey)) < weekMs) return false
  localStorage.setItem(askedKey, String(Date.now()))
  return storage.persist()
}

/** Undefined: nobody says. A page that may keep nothing is lent no room, and some browsers make the question an error. */
export async function room(): Promise<Room | undefined> {
  try {
    const { usage = 0, quota = 0 } = await navigator.storage.estimate()
    return { usedBytes: usage, quotaBytes: quota }
  } catch {
    return undefined
  }
}
