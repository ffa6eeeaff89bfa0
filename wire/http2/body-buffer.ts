/** Octets of a message body that were received and not yet consumed. */
import { Buffer } from 'node:buffer'

/** Pieces below this are copied to a tail, so that tiny frames cost no object each. */
const SMALL_PIECE_BYTES = 1_024

/** What a tail allocates. */
const TAIL_BYTES = 4_096

class Piece {
  readonly buffer: Buffer
  start: number
  end: number
  /** The buffer is ours to append to and to keep; else it is a view of a chunk that is shared with others. */
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
 * A queue of octets that holds views of the socket's chunks while the turn lasts and settles into memory of its own then.
 * `capacityBytes` is what it pins, not what it says.
 */
export class BodyBuffer {
  /** Octets that can be read. */
  length = 0
  /** Octets of memory that are held for them. */
  capacityBytes = 0
  /** There are views of chunks, to be settled before the turn is over. */
  hasViews = false
  private first: Piece | null = null
  private last: Piece | null = null

  /** Takes `chunk[start, end)` in, not empty; the chunk must stay as it is until {@link settle}. */
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

  /** The octet at a distance from the next one to be read; the caller has seen to it that it is there. */
  byteAt(offset: number): number {
    let piece = this.first
    let at = offset
    while (piece !== null && at >= piece.end - piece.start) {
      at -= piece.end - piece.start
      piece = piece.next
    }
    if (piece === null) throw new RangeError(`offset ${offset} of ${this.length} octets`)
    return piece.buffer[piece.start + at] as number
  }

  /**
   * Takes out the next `length` octets, contiguous: a view where they are, else a copy. A view stands until the turn ends.
   * The caller has seen to it that they are there.
   */
  read(length: number): Buffer {
    const piece = this.first
    if (piece === null || length > this.length) throw new RangeError(`reading ${length} of ${this.length} octets`)
    if (piece.end - piece.start < length) return this.gather(length)
    const view = piece.buffer.subarray(piece.start, piece.start + length)
    this.advance(piece, length)
    return view
  }

  /** Replaces views of chunks by copies, unless one is most of its chunk. */
  settle(): void {
    if (!this.hasViews) return
    this.hasViews = false
    const pieces: Piece[] = []
    for (let piece = this.first; piece !== null; piece = piece.next) pieces.push(piece)
    this.first = null
    this.last = null
    this.capacityBytes = 0
    for (const piece of pieces) this.append(piece.isOwned ? piece : settled(piece))
  }

  /** Drops everything. */
  clear(): void {
    this.first = null
    this.last = null
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

/** A piece of a chunk that is worth at least half of the memory that it would pin is kept; of others a copy is. */
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
