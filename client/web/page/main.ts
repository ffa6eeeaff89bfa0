/** Starts the page with its demos. */
import { all, need } from './parts/need.ts'
import { setUpThemeToggle } from './parts/theme-toggle.ts'
import { switchViews } from './view-switch.ts'
import { createChatView } from './views/chat-view.ts'
import { createHelloView } from './views/hello-view.ts'
import { createSensorView } from './views/sensor-view.ts'
import { createTickerView } from './views/ticker-view.ts'

setUpThemeToggle(need(document, '#theme', HTMLButtonElement))
showOrigin()
// Some browsers do not let the keyboard reach an area that scrolls.
for (const area of all(document, '[data-scrolls]', HTMLElement)) area.tabIndex = 0
switchViews(
  [
    createTickerView(need(document, '#ticker', HTMLElement)),
    createSensorView(need(document, '#sensor', HTMLElement)),
    createChatView(need(document, '#chat', HTMLElement)),
    createHelloView(need(document, '#hello', HTMLElement)),
  ],
  all(document, 'nav a', HTMLAnchorElement),
)

function showOrigin(): void {
  const [navigation] = performance.getEntriesByType('navigation')
  const version = navigation instanceof PerformanceNavigationTiming ? navigation.nextHopProtocol : ''
  need(document, '#origin', HTMLElement).textContent = location.origin
  if (version !== '') need(document, '#http-version', HTMLElement).textContent = ` over ${httpName(version)}`
}

/** Returns the usual name of an ALPN protocol id. */
function httpName(alpn: string): string {
  return alpn === 'h2' ? 'HTTP/2' : alpn.toUpperCase()
}
