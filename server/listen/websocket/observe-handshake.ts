/** Reports a WebSocket that does not become a call to the observers of the port. */
import type { Code } from '@connectrpc/connect'
import { FieldReader } from '../../rpc/exchange/field-reader.ts'
import type { Handshake } from './handshake.ts'
import type { WebSocketCalls } from './websocket-host.ts'

/** How it ended. */
export interface HandshakeEnd {
  readonly code: Code
  /** The status of the response to the handshake. */
  readonly httpStatus: number
  /** By `performance.now()`. */
  readonly startedAtMs: number
}

/** A call has one start and one end, so both are reported here. */
export function observeHandshake(calls: WebSocketCalls, handshake: Handshake, end: HandshakeEnd): void {
  const observer = calls.observers.guarded
  if (observer === null) return
  const { path, method, fields, connection, authority } = handshake
  const { code, httpStatus, startedAtMs } = end
  const start = {
    side: 'server' as const,
    protocol: 'grpc-web',
    path: path.split('?', 1)[0] ?? '',
    method: calls.methodOf({ method: 'POST', path, fields }),
    httpMethod: method,
    httpVersion: connection.httpVersion,
    header: new FieldReader(fields),
    peer: connection.peer,
    certificate: connection.tls?.certificate,
    connection,
    target: authority,
    startedAtMs,
  }
  const durationMs = performance.now() - startedAtMs
  observer.onStart(start)?.onEnd({ ...NOTHING, code, httpStatus, peer: connection.peer, durationMs })
}

const NOTHING = { error: null, receivedBytes: 0, sentBytes: 0, receivedMessages: 0, sentMessages: 0 }
