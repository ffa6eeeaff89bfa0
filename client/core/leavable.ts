/**
 * Cancels the streams of readers that leave, without an AbortSignal for each: the signal with its listener is a quarter of the memory of a
 * call in flight. Transports without this property get a signal.
 */
import type { StreamResponse, Transport } from '@connectrpc/connect'

/** The property of a transport that starts streams which their readers may leave. */
export const leavable: unique symbol = Symbol('leavable')

/** A call that ends when its reader leaves. */
export interface LeftCall {
  /** Cancels the call, unless it has ended. */
  onLeft(): void
}

/** The reader of a stream. */
export interface StreamReader {
  /** Called once by the transport, when the call has started, and before its response. */
  onCall(call: LeftCall): void
}

/** The arguments of `stream` of a transport. */
export type StreamArguments = Parameters<Transport['stream']>

/** How a transport starts a stream that its reader may leave. */
export interface Leavable {
  /** The method that `start` replaces. If a wrapper of the transport has another one, that one must be called. */
  readonly stream: Transport['stream']
  /** As `stream`, but calls the reader. */
  start(reader: StreamReader, ...args: StreamArguments): Promise<StreamResponse>
}

/** A transport whose streams can be left. */
export interface LeavableTransport extends Transport {
  readonly [leavable]: Leavable
}

/** Starts a stream that its reader may leave, over any transport. */
export function streamTo(reader: StreamReader, transport: Transport, args: StreamArguments): Promise<StreamResponse> {
  const { [leavable]: own } = transport as Partial<LeavableTransport>
  if (own === undefined || own.stream !== transport.stream) return streamWithSignal(reader, transport, args)
  return own.start(reader, ...args)
}

/** As {@link streamTo}, with a signal: for interceptors, and for transports without {@link leavable}. */
export function streamWithSignal(
  reader: StreamReader,
  transport: Transport,
  [method, signal, ...rest]: StreamArguments,
): Promise<StreamResponse> {
  const leaving = new AbortController()
  reader.onCall({ onLeft: () => leaving.abort() })
  const both = signal === undefined ? leaving.signal : AbortSignal.any([signal, leaving.signal])
  return transport.stream(method, both, ...rest)
}
