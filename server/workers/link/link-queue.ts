/** What waits to be written to another process. */

/** Carries batches of frames to the other process. */
export interface LinkTransport {
  /** Writes a batch, and calls back once the kernel has it, or once it cannot be written. */
  write(batch: readonly Uint8Array[], written: () => void): void
}

/** How much may wait for the other process. */
export interface LinkLimits {
  /** In bytes, the write under way included. Default 16 MiB. */
  readonly maxQueuedBytes: number
  /** Messages, requests and responses. Default 16,384. */
  readonly maxQueuedFrames: number
  /** Requests without a response. Default 16,384. */
  readonly maxOpenRequests: number
}

/** The limits of links between the processes of a server. */
export const LINK_LIMITS: LinkLimits = Object.freeze({
  maxQueuedBytes: 16 * 1_024 * 1_024,
  maxQueuedFrames: 16_384,
  maxOpenRequests: 16_384,
})

/** A batch ends once it has this many bytes, so that the other process can read it in one turn of its event loop. */
const MAX_BATCH_BYTES = 256 * 1_024

/**
 * A bounded queue with one write at a time. What is added during a write goes out together with the next one, so the cost of a write
 * between processes is shared by many messages when there are many.
 */
export class LinkQueue {
  readonly #transport: LinkTransport
  readonly #limits: LinkLimits
  #frames: Uint8Array[] = []
  #queuedBytes = 0
  #queuedFrames = 0
  #isWriting = false
  #isClosed = false

  constructor(transport: LinkTransport, limits: LinkLimits) {
    this.#transport = transport
    this.#limits = limits
  }

  /** Whether a frame of this size has to be refused. One frame is always accepted, whatever its size. */
  isFull(frameBytes: number): boolean {
    if (this.#queuedFrames === 0) return false
    const { maxQueuedBytes, maxQueuedFrames } = this.#limits
    return this.#queuedBytes + frameBytes > maxQueuedBytes || this.#queuedFrames >= maxQueuedFrames
  }

  /** Queues a frame, even if the queue is full. */
  add(frame: Uint8Array): void {
    if (this.#isClosed) return
    this.#frames.push(frame)
    this.#queuedBytes += frame.length
    this.#queuedFrames += 1
    if (!this.#isWriting) this.#write()
  }

  /** Drops what waits, and what is added later. */
  close(): void {
    this.#isClosed = true
    this.#frames = []
  }

  #write(): void {
    const batch = this.#takeBatch()
    if (batch.length === 0) return
    this.#isWriting = true
    this.#transport.write(batch, () => {
      this.#isWriting = false
      for (const { length } of batch) this.#queuedBytes -= length
      this.#queuedFrames -= batch.length
      this.#write()
    })
  }

  #takeBatch(): Uint8Array[] {
    let bytes = 0
    const end = this.#frames.findIndex(({ length }) => {
      bytes += length
      return bytes >= MAX_BATCH_BYTES
    })
    return this.#frames.splice(0, end === -1 ? this.#frames.length : end + 1)
  }
}

/** Wraps a batch. A program may send other messages between the processes. */
export function envelopeOf(batch: readonly Uint8Array[]): { portico: readonly Uint8Array[] } {
  return { portico: batch }
}

/** Returns the batch of a message; undefined if the message has none. */
export function batchOf(message: unknown): readonly Uint8Array[] | undefined {
  if (typeof message !== 'object' || message === null || !('portico' in message)) return undefined
  return Array.isArray(message.portico) ? message.portico : undefined
}
