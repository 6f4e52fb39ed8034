// sign-in.tsx — asks for a token where the relay does not take the kept one, and says why. What is written meanwhile waits on
// this device.
import { useEffect, useState } from 'react'
import type { ReactElement } from 'react'
import { useSyncStatus, useWorkspace } from 'syncline/react'
import { refusalOf } from '../indicator.ts'
import { signIn } from '../texts.ts'
import { offerToken, tokenHere } from '../token.ts'

export function SignIn(): ReactElement | undefined {
  const why = useWhyNot()
  const workspace = useWorkspace()
  const [words, setWords] = useState('')
  if (why === undefined) return undefined
  return (
    <form
      className="sign-in"
      aria-label={signIn.button}
      onSubmit={(event) => {
        event.preventDefault()
        offerToken(words)
        why.ask()
        workspace?.retryNow()
      }}
    >
      <p role="status">{why.sentence}</p>
      <label className="field">
        {signIn.words}
        <input value={words} required autoComplete="off" onChange={(event) => setWords(event.target.value)} />
      </label>
      <button className="button main">{signIn.button}</button>
    </form>
  )
}

/** The form stands, and keeps the focus, while the relay is asked again. */
function useWhyNot(): { readonly sentence: string; readonly ask: () => void } | undefined {
  const { phase, reason } = useSyncStatus()
  const refusal = refusalOf({ phase, reason })
  const [sentence, setSentence] = useState<string>()
  const isAsking =
    phase === 'connecting' || phase === 'greeting' || phase === 'parting' || reason === 'tokenMissing'
  useEffect(() => {
    if (refusal !== undefined)
      setSentence(refusal === 'otherSubject' ? signIn.otherSubject : signIn.refused[tokenHere()])
    else if (!isAsking) setSentence(undefined)
  }, [refusal, isAsking])
  return sentence === undefined ? undefined : { sentence, ask: () => setSentence(signIn.asking) }
}
