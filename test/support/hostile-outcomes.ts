/** Sends hostile inputs, and records the response to each. */

import { type Exchanged, exchangeHttp2 } from './exchange.ts'
import type { HostileInput } from './hostile-inputs.ts'
import { RawSocket } from './raw-socket.ts'

/** The response: an HTTP status, GOAWAY, a reset, an alert, or only the end of the connection. */
export type Outcome = string

/** How often each kind of input had each outcome. */
export type Outcomes = Map<string, Map<Outcome, number>>

/** A response that claims success and is empty. This must never occur. */
export const EMPTY_SUCCESS = '200 EMPTY'

/** The content type of an alert record (RFC 8446 section 5.1). */
const TLS_ALERT = 0x15

/** Sends one input on its own connection, and waits for the end of the response or of the connection. */
export async function sendHostile(port: number, input: HostileInput): Promise<Outcome> {
  if ('request' in input) {
    return exchangeHttp2(`http://127.0.0.1:${port}`, input.request).then(http2Outcome, ({ code }) => String(code))
  }
  const raw = await RawSocket.open({ port })
  // After a complete request a client still listens; after anything else it may end.
  if (input.isRequest) raw.write(input.bytes)
  else raw.socket.end(input.bytes)
  await raw.closed
  return http1Outcome(raw.received)
}

/** Counts an outcome. */
export function countOutcome(outcomes: Outcomes, kind: string, outcome: Outcome): void {
  const counts = outcomes.get(kind) ?? new Map<Outcome, number>()
  outcomes.set(kind, counts)
  counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
}

/** The table, one line per kind. */
export function describeOutcomes(outcomes: Outcomes): string {
  const lines = [...outcomes].map(([kind, counts]) => {
    const cells = [...counts].sort(([a], [b]) => a.localeCompare(b)).map(([outcome, count]) => `${outcome} x${count}`)
    return `${kind.padEnd(40)} ${cells.join(', ')}`
  })
  return lines.sort().join('\n')
}

function http1Outcome(received: Buffer): Outcome {
  if (received.length === 0) return 'closed'
  if (received[0] === TLS_ALERT) return 'TLS alert'
  const text = received.toString('latin1')
  const [, status] = /^HTTP\/1\.1 (\d{3})/.exec(text) ?? []
  if (status === undefined) return 'HTTP/2 frames'
  const body = text.slice(text.indexOf('\r\n\r\n') + 4)
  const saysNothing = (body === '' || body === '0\r\n\r\n') && !/\r\ngrpc-status:/i.test(text)
  return status === '200' && saysNothing ? EMPTY_SUCCESS : status
}

function http2Outcome({ status, headers, trailers, body }: Exchanged): Outcome {
  const saysNothing = body.length === 0 && headers['grpc-status'] === undefined && trailers['grpc-status'] === undefined
  return status === 200 && saysNothing ? EMPTY_SUCCESS : String(status)
}
