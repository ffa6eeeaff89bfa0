/** How the last 1,024 streams that one side opened ended, in two bits each. */

/** How a stream ended. */
export const ClosedState = Object.freeze({
  /** The id was skipped. Using a higher id closes it (RFC 9113, section 5.1.1). */
  NEVER_OPENED: 0,
  /** The peer sent END_STREAM or RST_STREAM, and may send nothing more. */
  PEER_FINISHED: 1,
  /** We reset it before the peer was finished. Frames that the peer sent before it knew are dropped. */
  WE_RESET: 2,
  /** It is no longer remembered. */
  FORGOTTEN: 3,
})

/** Number of remembered ids. */
export const REMEMBERED_STREAMS = 1_024

/** Remembers ids of one parity: the client's or the server's. The caller knows which ids are open. */
export class ClosedStreams {
  private readonly bits = new Uint8Array(REMEMBERED_STREAMS / 4)
  private highestIndex = -1

  /** Records an id higher than all before. Those in between were never opened. */
  open(streamId: number): void {
    const index = streamId >>> 1
    const skipped = Math.max(this.highestIndex + 1, index - REMEMBERED_STREAMS + 1)
    for (let i = skipped; i <= index; i++) this.write(i, ClosedState.NEVER_OPENED)
    this.highestIndex = index
  }

  /** Records how an open stream ended, or updates that of a closed one. */
  close(streamId: number, state: number): void {
    const index = streamId >>> 1
    if (index > this.highestIndex - REMEMBERED_STREAMS) this.write(index, state)
  }

  /** Returns how a stream ended that is not open, and not higher than the highest one opened. */
  stateOf(streamId: number): number {
    const index = streamId >>> 1
    if (index <= this.highestIndex - REMEMBERED_STREAMS) return ClosedState.FORGOTTEN
    return ((this.bits[(index >>> 2) & 0xff] as number) >>> ((index & 3) * 2)) & 3
  }

  private write(index: number, state: number): void {
    const slot = (index >>> 2) & 0xff
    const shift = (index & 3) * 2
    this.bits[slot] = ((this.bits[slot] as number) & ~(3 << shift)) | (state << shift)
  }
}
