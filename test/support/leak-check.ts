/** Fails a test file that ends with a socket, server, HTTP/2 session, child process or timer still open. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll } from 'vitest'

/** The names of Node resources that a test must release. */
const WATCHED = new Set(['TCPSocketWrap', 'TCPServerWrap', 'TLSWrap', 'ProcessWrap', 'Timeout', 'ZLIB'])

/** Sockets may take this long to close after a test's last line. */
const PATIENCE_MS = 3_000

let before: Map<string, number>

beforeAll(() => {
  before = openResources()
})

afterAll(async () => {
  const giveUpAt = performance.now() + PATIENCE_MS
  let leaked = leakedSince(before)
  while (leaked.length > 0 && performance.now() < giveUpAt) {
    await sleep(20)
    leaked = leakedSince(before)
  }
  if (leaked.length > 0) throw new Error(`still open after the last test: ${leaked.join(', ')}`)
})

function openResources(): Map<string, number> {
  const counts = new Map<string, number>()
  for (const name of process.getActiveResourcesInfo()) {
    if (WATCHED.has(name)) counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return counts
}

function leakedSince(baseline: Map<string, number>): string[] {
  const leaked: string[] = []
  for (const [name, count] of openResources()) {
    const extra = count - (baseline.get(name) ?? 0)
    if (extra > 0) leaked.push(`${extra} ${name}`)
  }
  return leaked
}
