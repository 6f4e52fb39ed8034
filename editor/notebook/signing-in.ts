// signing-in.ts — what comes of a token: kept once the relay took it, and where it did not, the one before is tried again, so
// that a broken link signs nobody out. Must not know: where tokens lie.
import type { Workspace, WorkspaceStatus } from 'syncline/client'
import { sayForGood } from './components/notices.tsx'
import { isReached, refusalOf } from './indicator.ts'
import { notices } from './texts.ts'
import { goBackToTaken, tokenTaken } from './token.ts'

export function watchSigningIn(workspace: Workspace): void {
  let before: WorkspaceStatus | undefined
  const look = (): void => {
    const status = workspace.status.current
    const refusal = refusalOf(status)
    // A token that is renewed on a live socket counts when the next socket is let in with it.
    const isNews =
      before === undefined || isReached(before) !== isReached(status) || refusalOf(before) !== refusal
    before = status
    // The tab that talks to the relay has given the token.
    if (!isNews || status.tab === 'following') return
    if (isReached(status)) tokenTaken()
    else if (refusal !== undefined && goBackToTaken()) {
      sayForGood(notices.notTaken[refusal])
      workspace.retryNow()
    }
  }
  workspace.status.subscribe(look)
  look()
}
