// part.tsx — a part of the page that is loaded when it is needed. Where it does not load, or fails, that is said in its
// place, and the rest of the page goes on: what was written is not in here.
import { Component, Suspense } from 'react'
import type { ReactNode } from 'react'
import { labels, notices } from '../texts.ts'

type PartProps = {
  /** Shown while it is loaded. */
  readonly meanwhile: ReactNode
  readonly children: ReactNode
}

export class Part extends Component<PartProps, { error: Error | undefined }> {
  override readonly state: { error: Error | undefined } = { error: undefined }

  static getDerivedStateFromError(error: Error): { error: Error } {
    return { error }
  }

  override render(): ReactNode {
    const { error } = this.state
    if (error !== undefined) {
      return (
        <div className="nothing fault" role="alert">
          <p>{notices.partIsMissing}</p>
          <p>{error.message}</p>
          <button className="button" onClick={() => location.reload()}>
            {labels.reload}
          </button>
        </div>
      )
    }
    const { meanwhile, children } = this.props
    return <Suspense fallback={meanwhile}>{children}</Suspense>
  }
}
