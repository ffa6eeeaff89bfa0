/**
 * What observers of calls receive: access logs, metrics, traces. The contract is the same on the server and in the client.
 *
 * Every call has one start and one end. In between come the messages, and in the client the attempts: `onResolved` if the call
 * had to wait for name resolution; for each attempt `onAttempt`, `onPicked`, its messages, `onEnd`; `onRetryDelay` between two
 * attempts; `onEnd` of the call last. Attempts of a hedged call overlap, and an attempt without a connection has no
 * `onPicked`.
 *
 * Callbacks run within the call and must be fast. What one throws, or what a promise from it rejects with, is logged and
 * harms no call. Everything but `onStart` and `onEnd` is optional. Without observers nothing here costs anything.
 */
import type { X509Certificate } from 'node:crypto'
import type { DescMethod } from '@bufbuild/protobuf'
import type { Code, ConnectError } from '@connectrpc/connect'
import type { EncodableField } from './http2/http2.ts'

/** Observes all calls of a transport, or all requests that reach a server's port. */
export interface CallObserver {
  /** A call starts. Null: this one is of no interest, and nothing more is reported of it. */
  onStart(call: CallStart): CallObservation | null
}

/** A call that starts. */
export interface CallStart {
  readonly side: 'server' | 'client'
  /**
   * `grpc`, `grpc-web`, `connect`, or the name of another protocol of the port. `http` on a server for requests in no RPC
   * protocol: those that Fastify answers, preflights, and heads that were refused before they could be read.
   */
  readonly protocol: string
  /** The path of the request without its query; empty if the head could not be read. */
  readonly path: string
  /** Undefined if the path names no method. */
  readonly method: DescMethod | undefined
  /** On a server the path with its variables, such as `/v1/{name=users/*}`, of a call by REST. Default: the path is that of the method. */
  readonly route?: string | undefined
  /** The HTTP verb, `POST` for most calls; empty if the head could not be read. */
  readonly httpMethod: string
  /** `1.0`, `1.1` or `2`; undefined in a client, which has no connection yet. */
  readonly httpVersion: string | undefined
  /** The header fields of the request. In a client the caller's, without credentials, which belong to attempts. */
  readonly header: HeaderReader
  /**
   * On a server the other end of the connection, `192.0.2.1:1234` or `[2001:db8::1]:1234`, which may be a proxy; empty for a
   * Unix socket, and in a client, where each attempt has its own (`onPicked`).
   */
  readonly peer: string
  /** On a server an object that stands for the connection: the same for all of its requests, and no other's. */
  readonly connection?: object | undefined
  /** In a client the target of its channel as given, on a server the authority that the caller asked for. */
  readonly target: string
  /** In a client the label that the caller gave the call for metrics (gRFC A108). Default: none. */
  readonly label?: string | undefined
  /** On a server the verified certificate of the other end of the connection; undefined if there is none. */
  readonly certificate?: X509Certificate | undefined
  /** Milliseconds on the clock of `performance.now()`. A server counts from the head of the request. */
  readonly startedAtMs: number
}

/** Header fields, by lower-case name. Web `Headers` are one. */
export interface HeaderReader {
  /** The values of all fields of this name, joined by `, `; null if there is none. */
  get(name: string): string | null
  keys(): Iterable<string>
}

/** Receives the size of each message. Sizes are without envelopes: as sent on the wire, and before compression. */
export interface MessageObservation {
  onSent?(compressedBytes: number, bytes: number): void
  onReceived?(compressedBytes: number, bytes: number): void
}

/** Follows one call. A client reports messages to its attempts, a server to the call. */
export interface CallObservation extends MessageObservation {
  /** Server: the span of the call. Read once, after the start. Of several observers with one, the first counts. Default: none. */
  readonly trace?: CallTrace | undefined
  /** Client: the call had to wait this long for the first answer of the resolver. */
  onResolved?(delayMs: number): void
  /** Client: an attempt starts, and looks for a connection. Null: it is of no interest. */
  onAttempt?(attempt: AttemptStart): AttemptObservation | null
  /** Client: another attempt follows after this delay. Hedges and transparent retries wait for nothing, and have none. */
  onRetryDelay?(delayMs: number): void
  /** The call has ended. Called once, last. On a server its handler may still be running. */
  onEnd(end: CallEnd): void
}

/** The span of a call on a server, in the terms of W3C Trace Context. */
export interface CallTrace {
  /** Names the span in log lines. */
  readonly ids: { readonly traceId: string; readonly spanId: string }
  /** Whether the span is recorded, so that its id leads somewhere. */
  readonly isSampled: boolean
  /**
   * Header fields for the calls that the handler makes, with lower-case names, such as `traceparent`. They replace those of the
   * request.
   */
  readonly fields: readonly EncodableField[]
  /**
   * Runs a gate, an interceptor or the handler with the span as the active one. Must call `run` once before it returns. Called for each
   * of them.
   */
  runInContext(run: () => void): void
}

/** How a call ended. */
export interface CallEnd {
  /**
   * The code of a failure; undefined for a success, and for an ordinary request (`http`) that Fastify answered. A server
   * reports CANCELED for a call whose client left, and for heads that it refuses the code nearest to their HTTP status.
   */
  readonly code: Code | undefined
  /**
   * The error that the caller got. If a server's handler threw something else, that is the `cause`. Null for a success, and
   * where only the code is known.
   */
  readonly error: ConnectError | null
  /** Server: the id under which the log has what a handler threw; the caller has it too, in the text of its error. */
  readonly errorId?: string
  /** Server: the span of the call, if an observer has one. */
  readonly trace?: CallTrace | undefined
  /** Server: the id that Fastify gave the request, if it has seen it. */
  readonly requestId?: string
  /** The HTTP status of the response; undefined if there was none. */
  readonly httpStatus: number | undefined
  /** Octets of the bodies: messages with their envelopes, and what else protocols put there. Header fields do not count. */
  readonly receivedBytes: number
  readonly sentBytes: number
  readonly receivedMessages: number
  readonly sentMessages: number
  readonly durationMs: number
  /** As in `CallStart`; in a client the peer of the last attempt that had a connection. */
  readonly peer: string
}

/** Client: an attempt that starts. */
export interface AttemptStart {
  /** Attempts of the call that started before; those that no server looked at do not count. */
  readonly previousAttempts: number
  /** No server looked at the attempt before (gRFC A6, transparent retries). */
  readonly isTransparentRetry: boolean
  /** Other attempts of the call may be under way. */
  readonly isHedge: boolean
}

/** Client: follows one attempt. */
export interface AttemptObservation extends MessageObservation {
  /**
   * Fields for the head of the attempt, with lower-case names, as `traceparent`. They replace fields of the caller with the
   * same name. Read once, when the head is sent. Default: none.
   */
  readonly fields?: readonly EncodableField[]
  /** There is a connection to this peer, after this delay; the head is sent. */
  onPicked?(peer: string, delayMs: number): void
  /** The attempt has ended; null: with success. Called once, last. */
  onEnd(error: ConnectError | null): void
}
