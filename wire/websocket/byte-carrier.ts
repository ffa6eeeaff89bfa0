/** What carries the frames of a WebSocket: a connection of HTTP/1.1 after its upgrade, or a stream of HTTP/2 (RFC 8441). */
import type { Buffer } from 'node:buffer'

/** Carries octets both ways. No method calls the sink synchronously. */
export interface ByteCarrier {
  /** Receives the events. Nothing is read before it is set and `resume` was called. */
  sink: CarrierSink | null
  /** Octets that were written and have not left. */
  readonly queuedBytes: number
  /** Octets that have left, by which to see whether the peer reads. */
  readonly leftBytes: number
  /** Those that are queued, and that no other part of the server counts as held memory. */
  readonly heldBytes: number
  /** Sends octets, which must not change afterwards. Returns false if the caller should wait; one `onDrain` follows. */
  write(data: Uint8Array): boolean
  /** Reads no more for now. */
  pause(): void
  /** Reads on. */
  resume(): void
  /** Ends our side after what is queued. */
  end(): void
  /** Ends both sides now, and drops what is queued. */
  destroy(): void
  /** The call of the WebSocket needs no place any more. */
  release(): void
}

/** Receives the events of a carrier. Must not throw. */
export interface CarrierSink {
  /** Octets have arrived. They are the sink's own. */
  onChunk(chunk: Buffer): void
  /** There is room again after a `write` that returned false. */
  onDrain(): void
  /** The peer has ended its side. */
  onEnd(): void
  /** Both sides have ended. The last event. */
  onClose(): void
}
