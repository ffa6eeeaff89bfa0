/** The octets of a message body that were received and not yet consumed. */
import { Buffer } from 'node:buffer'
import { freeChunk, receivedOctets } from './exclusive-octets.ts'
import type { OctetRange } from './octets.ts'

/** Smaller pieces are copied to a tail, so that tiny frames need no object each. */
const SMALL_PIECE_BYTES = 1_024

/** Size of a tail. */
const TAIL_BYTES = 4_096

/**
 * How much larger than the received octets of a message its buffer may be. The memory that a peer makes us allocate is in proportion to
 * what it has sent, and most octets are copied once.
 */
const ASSEMBLY_GROWTH = 4

class Piece {
  readonly buffer: Buffer
  start: number
  end: number
  /** Whether the buffer is ours to keep, rather than a view of a shared chunk. */
  readonly isOwned: boolean
  /** Whether the buffer was made for the piece, so that it can be appended to. */
  readonly isExclusive: boolean
  next: Piece | null = null

  constructor(buffer: Buffer, start: number, end: number, isOwned: boolean, isExclusive = false) {
    this.buffer = buffer
    this.start = start
    this.end = end
    this.isOwned = isOwned
    this.isExclusive = isExclusive
  }

  get capacity(): number {
    return this.isOwned ? this.buffer.buffer.byteLength : this.end - this.start
  }

  /** Octets that can be appended. */
  get room(): number {
    return this.isExclusive ? this.buffer.length - this.end : 0
  }

  append(source: Buffer, start: number, end: number): void {
    source.copy(this.buffer, this.end, start, end)
    this.end += end - start
  }
}

/**
 * A queue of octets. It keeps views of the socket's chunks until the end of the turn, then copies them to memory of its own. A message that
 * arrives in several chunks is assembled in one buffer, to which each chunk is copied at once.
 *
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

  /**
   * Adds `chunk[start, end)`, which is not empty. The chunk must not change until {@link settle} if there are views of it.
   *
   * @param wanted the octets that the owner waits for. Default: 0, it does not wait
   */
  push(chunk: Buffer, start: number, end: number, wanted = 0): void {
    const isAssembling = this.length > 0 && wanted > this.length
    if (isAssembling) this.makeRoom(Math.min(wanted - this.length, end - start), wanted)
    this.length += end - start
    const last = this.last
    let at = start
    if (last !== null && (isAssembling || last.room >= end - start)) {
      at += Math.min(last.room, end - start)
      last.append(chunk, start, at)
      if (at === end) return
    }
    if (last === null || end - at >= SMALL_PIECE_BYTES) {
      this.hasViews = true
      this.append(new Piece(chunk, at, end, false))
    } else {
      this.append(ownedCopy(chunk, at, end))
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
    if (piece.end - piece.start < length) return this.gather(piece, length)
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

  /**
   * Replaces views of chunks by copies, unless a view is most of its chunk.
   *
   * @param wanted as in {@link push}
   */
  settle(wanted = 0): void {
    if (!this.hasViews) return
    this.hasViews = false
    if (wanted > this.length) {
      this.assemble(this.length, wanted)
      return
    }
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
    if (piece.isExclusive && piece.start === 0 && length === piece.end) receivedOctets.mark(piece.buffer)
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

  /** Makes room for more octets of a message behind those that are there, which are then in one piece. */
  private makeRoom(bytes: number, wanted: number): void {
    if ((this.last as Piece).room < bytes) this.assemble(this.length + bytes, wanted)
  }

  /** Copies all octets to a buffer with room for more of the message. */
  private assemble(bytes: number, wanted: number): void {
    this.hasViews = false
    const capacity = Math.min(wanted, bytes * ASSEMBLY_GROWTH)
    const whole = new Piece(Buffer.allocUnsafeSlow(Math.max(TAIL_BYTES, capacity)), 0, 0, true, true)
    for (let piece = this.first; piece !== null; piece = piece.next) {
      whole.append(piece.buffer, piece.start, piece.end)
      if (piece.isExclusive && piece.start === 0) freeChunk(piece.buffer)
    }
    this.first = null
    this.last = null
    this.scanned = null
    this.capacityBytes = 0
    this.append(whole)
  }

  /** Reads octets of several pieces: in the buffer of the first one if they fit, else in a new one. */
  private gather(first: Piece, length: number): Buffer {
    const begun = first.end - first.start
    const isInPlace = first.room >= length - begun
    const out = isInPlace ? first.buffer.subarray(first.start, first.start + length) : Buffer.allocUnsafe(length)
    if (!isInPlace) first.buffer.copy(out, 0, first.start, first.end)
    this.advance(first, begun)
    for (let at = begun; at < length; ) {
      const piece = this.first as Piece
      const count = Math.min(length - at, piece.end - piece.start)
      piece.buffer.copy(out, at, piece.start, piece.start + count)
      at += count
      this.advance(piece, count)
    }
    if (out.length === out.buffer.byteLength) receivedOctets.mark(out)
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
  return new Piece(buffer, 0, end - start, true, true)
}
