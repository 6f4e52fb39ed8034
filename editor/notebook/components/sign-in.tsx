// sign-in.tsx — asks for a token where the relay takes the kept one no more. What is written meanwhile waits on this device.
import { useState } from 'react'
import type { ReactElement } from 'react'
import { useSyncStatus, useWorkspace } from 'syncline/react'
import { panel } from '../texts.ts'
import { keepToken } from '../token.ts'

export function SignIn(): ReactElement | undefined {
  const { reason } = useSyncStatus()
  const workspace = useWorkspace()
  const [words, setWords] = useState('')
  if (reason !== 'tokenRefused') return undefined
  return (
    <form
      className="sign-in"
      onSubmit={(event) => {
        event.preventDefault()
        keepToken(words)
        workspace?.retryNow()
      }}
    >
      <label className="field">
        {panel.signIn}
        <input value={words} required autoComplete="off" onChange={(event) => setWords(event.target.value)} />
      </label>
      <button className="button main">{panel.signInButton}</button>
    </form>
  )
}
