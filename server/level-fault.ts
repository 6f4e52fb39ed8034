// level-fault.ts — what LevelDB says when it fails, as a StoreError for the program or a RelayError for the person who
// starts it. Knows: classic-level's codes. Must not know: what is done about it.

import { StoreError } from '../shared/store.ts'
import type { StoreErrorCode, WriteOutcome } from '../shared/store.ts'
import { isForbidden } from './folder.ts'
import { RelayError } from './relay-error.ts'

const texts: Readonly<Record<Exclude<StoreErrorCode, 'closed'>, string>> = {
  full: 'The disk is full.',
  broken: 'The disk could not be read or written.',
  damaged: 'The data on the disk is damaged.',
}

export function storeErrorFrom(error: unknown, outcome: WriteOutcome): StoreError {
  if (error instanceof StoreError) return error
  const cause = causeOf(error)
  const code = codeOf(cause)
  return new StoreError(code, `${texts[code]} (${cause.message})`, outcome, error)
}

export function openingErrorFrom(error: unknown, folder: string): RelayError {
  const cause = causeOf(error)
  if ('code' in cause && cause.code === 'LEVEL_LOCKED') {
    return new RelayError(
      'data-in-use',
      `Another relay is using ${folder}. Stop it, or choose another folder with --data.`,
    )
  }
  if (error instanceof RelayError) return error
  if (codeOf(cause) === 'full')
    return new RelayError(
      'disk-full',
      `There is no room left on the disk of ${folder}, and to open the data takes some (${cause.message}). Make room and start again: the data itself is as it was.`,
    )
  if (isForbidden(cause))
    return new RelayError(
      'data-unreadable',
      `The user who runs this may not read and write ${folder} (${cause.message}). Give it to that user, or choose another folder with --data.`,
    )
  return new RelayError(
    'data-unreadable',
    `The data in ${folder} cannot be opened: ${cause.message}. Keep a copy of it, and restore the last backup into another folder.`,
  )
}

/** Of a file of LevelDB's own, whichever it is. */
export function isCorruption(error: unknown): boolean {
  return codeOf(causeOf(error)) === 'damaged'
}

/** In a folder that is there, what names the others names one that never was. */
export function isMisled(error: unknown): boolean {
  return /No such file or directory/.test(causeOf(error).message)
}

function codeOf(cause: Error): keyof typeof texts {
  const code = 'code' in cause ? cause.code : undefined
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG') return 'full'
  if (code === 'LEVEL_CORRUPTION') return 'damaged'
  // LevelDB passes the operating system's reason on as text only.
  return /no space left|quota exceeded|file too large/i.test(cause.message) ? 'full' : 'broken'
}

/** classic-level says only that it could not open; its cause says why. */
function causeOf(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(String(error))
  return error.cause instanceof Error ? error.cause : error
}
