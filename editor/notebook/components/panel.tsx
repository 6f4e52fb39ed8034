// panel.tsx — what lies behind the indicator: what waits and why, what a person can do about it, how it went.
import { useEffect, useState, useSyncExternalStore } from 'react'
import type { ReactElement } from 'react'
import type { Room } from 'syncline/client'
import { useSyncStatus, useWorkspace } from 'syncline/react'
import type { DocumentList } from '../document-list-hook.ts'
import { listName } from '../document-list.ts'
import type { Figures } from '../figures.ts'
import { indicatorOf, worksOffline } from '../indicator.ts'
import { isKept } from '../kept-here.ts'
import { indicatorSentence, notices, panel } from '../texts.ts'
import { bytesWords, timeWords } from '../times.ts'
import { workOffline } from '../working-offline.ts'
import { Dialog } from './dialog.tsx'
import { Plot } from './plot.tsx'
import { RefusedEdits } from './refused-edits.tsx'
import { WaitingDocuments } from './waiting-documents.tsx'

export default function Panel({
  list,
  openId,
  figures,
  onClose,
}: {
  list: DocumentList | undefined
  openId: string | undefined
  figures: Figures
  onClose: () => void
}): ReactElement {
  const status = useSyncStatus()
  const workspace = useWorkspace()
  const { inMemory, pending } = status
  const shown = indicatorOf(status, { ...useSyncStatus(listName), inMemory, pending })
  const isOffline = worksOffline(status)
  return (
    <Dialog title={panel.title} className="panel" onClose={onClose}>
      <p>{indicatorSentence(shown)}</p>
      {isOffline && <p>{panel.offlineIsWanted}</p>}
      <div className="row">
        <button className="button" disabled={isOffline} onClick={() => workspace?.retryNow()}>
          {panel.retryNow}
        </button>
        <button
          className="button"
          aria-pressed={isOffline}
          onClick={() => workspace && workOffline(workspace, !isOffline)}
        >
          {isOffline ? panel.goOnline : panel.workOffline}
        </button>
      </div>
      <Facts figures={figures} />
      <RefusedEdits list={list} />
      <WaitingDocuments list={list} openId={openId} />
      <Plots figures={figures} />
    </Dialog>
  )
}

function Facts({ figures }: { figures: Figures }): ReactElement {
  const status = useSyncStatus()
  const { keeps, isPersistent, nextTryAt, toFetch } = status
  const now = useNow()
  const room = useRoom()
  const since = figures.waitingSince()
  const waits = status.inMemory + status.pending
  const errors = panel.errors(status)
  return (
    <dl className="facts">
      <dt>{panel.relay}</dt>
      <dd>
        {panel.connection(status)}
        {nextTryAt !== undefined && (
          <p className="quiet">{panel.nextTry(Math.max(0, Math.ceil((nextTryAt - now) / 1000)))}</p>
        )}
        <p>
          {panel.waits(waits)}
          {waits > 0 && since !== undefined && (
            <span className="quiet"> {panel.since(timeWords(since))}</span>
          )}
        </p>
        {toFetch > 0 && <p>{panel.toFetch(toFetch)}</p>}
      </dd>
      <dt>{panel.device}</dt>
      <dd>
        {keeps === 'memory' ? panel.keepsMemory : panel.keepsDisk}
        {!isKept && <p>{panel.forgetsYou}</p>}
        {!('serviceWorker' in navigator) && <p>{notices.noServiceWorker}</p>}
        {isKept && isPersistent === false && <p className="quiet">{panel.mayClear}</p>}
        {isKept && room !== undefined && (
          <p className="quiet">{panel.used(bytesWords(room.usedBytes), bytesWords(room.quotaBytes))}</p>
        )}
      </dd>
      {errors.length > 0 && (
        <>
          <dt>{panel.lastError}</dt>
          <dd>
            {errors.map((words) => (
              <p key={words}>{words}</p>
            ))}
          </dd>
        </>
      )}
    </dl>
  )
}

function Plots({ figures }: { figures: Figures }): ReactElement {
  const samples = useSyncExternalStore(figures.samples.subscribe, () => figures.samples.current)
  return (
    <section>
      <h3>{panel.plots}</h3>
      <div className="plots">
        <Plot
          title={panel.plotWaiting}
          values={samples.map(({ waiting }) => waiting)}
          words={(value) => String(value)}
        />
        <Plot
          title={panel.plotAnswer}
          values={samples.map(({ answerMs }) => answerMs ?? 0)}
          words={panel.milliseconds}
        />
      </div>
    </section>
  )
}

function useNow(): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000)
    return () => clearInterval(timer)
  }, [])
  return now
}

function useRoom(): Room | undefined {
  const workspace = useWorkspace()
  const [room, setRoom] = useState<Room>()
  useEffect(() => {
    let isShown = true
    void workspace?.room().then((answer) => {
      if (isShown) setRoom(answer)
    })
    return () => {
      isShown = false
    }
  }, [workspace])
  return room
}
