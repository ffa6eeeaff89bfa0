/** The sizes of responses as they were on the wire, compressed, where the browser tells them. */

/** How long the browser may take to report a response. */
const MAX_WAIT_MS = 200

/** Watches the requests that the page makes by fetch. */
export class EncodedSizes {
  readonly #entries: PerformanceResourceTiming[] = []
  readonly #observer: PerformanceObserver

  constructor() {
    this.#observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) if (isCall(entry)) this.#entries.push(entry)
    })
    this.#observer.observe({ type: 'resource' })
  }

  /** Returns the size of the body of the response to the latest request since a time; null if the browser does not tell. */
  async latestSince(startMs: number): Promise<number | null> {
    for (const endMs = performance.now() + MAX_WAIT_MS; performance.now() < endMs; ) {
      const entry = this.#entries.findLast(({ startTime }) => startTime >= startMs)
      if (entry !== undefined) return entry.encodedBodySize
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    return null
  }

  stop(): void {
    this.#observer.disconnect()
  }
}

/** The page asks for its facts now and then. */
function isCall(entry: PerformanceEntry): entry is PerformanceResourceTiming {
  return (
    entry instanceof PerformanceResourceTiming && entry.initiatorType === 'fetch' && !entry.name.endsWith('/facts.json')
  )
}
