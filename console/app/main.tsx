/** Starts the page. */
import { render } from 'preact'
import { startSession } from './session/session.ts'
import { watchServer } from './session/watch-server.ts'
import { App } from './shell/app.tsx'
import { listenForSearchKeys } from './shell/search-keys.ts'
import { followTheme } from './shell/theme.ts'

const root = document.getElementById('app')
if (root !== null) {
  followTheme()
  listenForSearchKeys()
  void startSession()
  void watchServer()
  render(<App />, root)
}
