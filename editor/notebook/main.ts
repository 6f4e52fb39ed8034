// main.ts — where the notebook begins: its workspace, for as long as the page is there, and what is shown of it.
import { createElement, StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { openWorkspace } from 'syncline/client'
import { WorkspaceProvider } from 'syncline/react'
import { nameHere, relayUrl } from '../place.ts'
import { App } from './app.tsx'
import { watchFigures } from './figures.ts'
import { watchLeftovers } from './leftover-watch.ts'
import { keepPage } from './offline-page.ts'
import { watchSigningIn } from './signing-in.ts'
import { giveToken, takeTokenFromAddress } from './token.ts'
import { goOnOffline } from './working-offline.ts'

takeTokenFromAddress()
const workspace = openWorkspace({
  url: relayUrl,
  store: nameHere('syncline-notebook'),
  token: giveToken,
  // What is in the list can be opened where there is no network.
  wholeWorkspace: true,
  prepare: watchLeftovers,
})
goOnOffline(workspace)
watchSigningIn(workspace)
const figures = watchFigures(workspace.status)
const app = document.getElementById('app')
if (app === null) throw new Error('The page has no element called app.')
const shown = createElement(App, { figures })
createRoot(app).render(
  createElement(StrictMode, undefined, createElement(WorkspaceProvider, { workspace }, shown)),
)
keepPage(workspace.status)
addEventListener('beforeunload', (event) => {
  const { keeps, inMemory, pending } = workspace.status.current
  // Here the browser asks whether one really wants to go.
  if (keeps === 'memory' && inMemory + pending > 0) event.preventDefault()
})
