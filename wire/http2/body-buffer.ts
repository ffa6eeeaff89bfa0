/** The octets of a message body that were received and not yet consumed. */

import { Buffer } from 'node:buffer'
import type { OctetRange } from './octets.ts'

/** Smaller pieces are copied to a tail, so that tiny frames need no object each. */
const SMALL_PIECE_BYTES = 1_024

/** Size of a tail. */
const TAIL_BYTES = 4_096

class Piece {
  readonly buffer: Buffer
  start: number
  end: number
  /** Whether the buffer is ours to append to and to keep, rather than a view of a shared chunk. */
  readonly isOwned: boolean
  next: Piece | null = null

  constructor(buffer: Buffer, start: number, end: number, isOwned: boolean) {
    this.buffer = buffer
    this.start = start
    this.end = end
    this.isOwned = isOwned
  }

  get capacity(): number {
    return this.isOwned ? this.buffer.buffer.byteLength : this.end - this.start
  }
}

/**
 * A queue of octets. It keeps views of the socket's chunks until the end of the turn, then copies them to memory of its own.
 * `capacityBytes` is the memory that it keeps alive, which may be more than `length`.
 */
export class BodyBuffer {
  /** Octets that can be read. */
  length = 0
  /** Memory kept alive for them, in octets. */
  capacityBytes = 0
  /** Whether there are views of chunks, which must be settled before the turn ends. */
  hasViews = false
  private first: Piece | null = null
  private last: Piece | null = null
  /** The piece that `byteAt` found last, so that a scan does not begin at the first piece for each octet; null for none. */
  private scanned: Piece | null = null
  /** The offset of its first octet. */
  private scannedOffset = 0

  /** Adds `chunk[start, end)`, which is not empty. The chunk must not change until {@link settle}. */
  push(chunk: Buffer, start: number, end: number): void {
    this.length += end - start
    const last = this.last
    if (last?.isOwned && last.buffer.length - last.end >= end - start) {
      chunk.copy(last.buffer, last.end, start, end)
      last.end += end - start
    } else if (last === null || end - start >= SMALL_PIECE_BYTES) {
      this.hasViews = true
      this.append(new Piece(chunk, start, end, false))
    } else {
      this.append(ownedCopy(chunk, start, end))
    }
  }

  /** Returns the octet at an offset from the next one. The caller guarantees that it is there. */
  byteAt(offset: number): number {
    const isBehind = this.scanned === null || offset < this.scannedOffset
    let piece = isBehind ? this.first : this.scanned
    let pieceOffset = isBehind ? 0 : this.scannedOffset
    while (piece !== null && offset - pieceOffset >= piece.end - piece.start) {
      pieceOffset += piece.end - piece.start
      piece = piece.next
    }
    if (piece === null) throw new RangeError(`offset ${offset} of ${this.length} octets`)
    this.scanned = piece
    this.scannedOffset = pieceOffset
    return piece.buffer[piece.start + offset - pieceOffset] as number
  }

  /**
   * Consumes the next `length` octets: as a view if they are contiguous, else as a copy. A view is valid until the turn ends. The caller
   * guarantees that there are enough.
   */
  read(length: number): Buffer {
    const piece = this.first
    if (piece === null || length > this.length) throw new RangeError(`reading ${length} of ${this.length} octets`)
    if (piece.end - piece.start < length) return this.gather(length)
    const view = piece.buffer.subarray(piece.start, piece.start + length)
    this.advance(piece, length)
    return view
  }

  /** Returns the next octets that lie together; null for none. Valid until the next call. */
  peek(): OctetRange | null {
    return this.first
  }

  /** Consumes octets that `peek` has returned. */
  skip(length: number): void {
    this.advance(this.first as Piece, length)
  }

  /** Replaces views of chunks by copies, unless a view is most of its chunk. */
  settle(): void {
    if (!this.hasViews) return
    this.hasViews = false
    const pieces: Piece[] = []
    for (let piece = this.first; piece !== null; piece = piece.next) pieces.push(piece)
    this.first = null
    this.last = null
    this.scanned = null
    this.capacityBytes = 0
    for (const piece of pieces) this.append(piece.isOwned ? piece : settled(piece))
  }

  /** Drops everything. */
  clear(): void {
    this.first = null
    this.last = null
    this.scanned = null
    this.length = 0
    this.capacityBytes = 0
    this.hasViews = false
  }

  private append(piece: Piece): void {
    piece.next = null
    if (this.last === null) this.first = piece
    else this.last.next = piece
    this.last = piece
    this.capacityBytes += piece.capacity
  }

  private advance(piece: Piece, length: number): void {
    this.length -= length
    this.scanned = null
    if (this.length === 0) {
      this.clear()
      return
    }
    if (!piece.isOwned) this.capacityBytes -= length
    piece.start += length
    if (piece.start < piece.end) return
    this.capacityBytes -= piece.capacity
    this.first = piece.next
  }

  private gather(length: number): Buffer {
    const out = Buffer.allocUnsafe(length)
    let at = 0
    while (at < length) {
      const piece = this.first as Piece
      const count = Math.min(length - at, piece.end - piece.start)
      piece.buffer.copy(out, at, piece.start, piece.start + count)
      at += count
      this.advance(piece, count)
    }
    return out
  }
}

/** Keeps a piece that is at least half of the chunk that it keeps alive, and copies others. */
function settled(piece: Piece): Piece {
  const size = piece.end - piece.start
  const isWorthKeeping = size * 2 >= piece.buffer.buffer.byteLength
  if (!isWorthKeeping) return ownedCopy(piece.buffer, piece.start, piece.end)
  return new Piece(piece.buffer.subarray(0, piece.end), piece.start, piece.end, true)
}

function ownedCopy(chunk: Buffer, start: number, end: number): Piece {
  const buffer = Buffer.allocUnsafeSlow(Math.max(TAIL_BYTES, end - start))
  chunk.copy(buffer, 0, start, end)
  return new Piece(buffer, 0, end - start, true)
}
