/** A place in octets, handed from one reader or writer to the next. */

/**
 * Where reading or writing stands. One object a connection and direction, set anew for each block: readers may assume
 * `position <= end <= bytes.length`, and move `position` behind what they took.
 */
export class Cursor {
  bytes: Buffer = NO_OCTETS
  position = 0
  end = 0

  /** Points at `bytes[position, end)`. */
  point(bytes: Buffer, position: number, end: number): void {
    this.bytes = bytes
    this.position = position
    this.end = end
  }

  /** Lets go of the octets, which may belong to a far larger chunk. */
  release(): void {
    this.bytes = NO_OCTETS
    this.position = 0
    this.end = 0
  }
}

const NO_OCTETS = Buffer.alloc(0)
