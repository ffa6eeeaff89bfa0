/** How many streams the page may hold open to its server. */

/** A connection of HTTP/2 or HTTP/3 carries a hundred or more. Calls that the user makes need some too. */
const ON_ONE_CONNECTION = 40
/** Browsers have six connections of HTTP/1.1 to an origin, and a stream takes one of them. */
const ON_HTTP1 = 2
/** Chromium has 255 WebSockets, Firefox 200. */
const BY_WEBSOCKET = 60

/** Returns the number for how the page itself was loaded. */
export function maxWatches(usesWebSocket: boolean): number {
  if (usesWebSocket) return BY_WEBSOCKET
  const [navigation] = performance.getEntriesByType('navigation')
  const version = navigation instanceof PerformanceNavigationTiming ? navigation.nextHopProtocol : ''
  return version === 'h2' || version === 'h3' ? ON_ONE_CONNECTION : ON_HTTP1
}
