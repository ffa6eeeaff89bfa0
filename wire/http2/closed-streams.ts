/** What became of the last 1,024 streams that one side opened, in two bits each. */

/** How a stream that is no longer open came to its end. */
export const ClosedState = Object.freeze({
  /** The id was skipped: RFC 9113 (section 5.1.1) closes it when a higher one is used. */
  NEVER_OPENED: 0,
  /** The peer sent END_STREAM or RST_STREAM: nothing more may come from it. */
  PEER_FINISHED: 1,
  /** We reset it while the peer was not finished: what the peer sent before it knew is dropped. */
  WE_RESET: 2,
  /** So long ago that it is forgotten. */
  FORGOTTEN: 3,
})

/** How many ids are remembered. */
export const REMEMBERED_STREAMS = 1_024

/** Knows ids of one parity only: the client's or the server's. Which of the lower ids are open the caller knows. */
export class ClosedStreams {
  private readonly bits = new Uint8Array(REMEMBERED_STREAMS / 4)
  private highestIndex = -1

  /** An id higher than all before was opened; those between were never opened. */
  open(streamId: number): void {
    const index = streamId >>> 1
    const skipped = Math.max(this.highestIndex + 1, index - REMEMBERED_STREAMS + 1)
    for (let i = skipped; i <= index; i++) this.write(i, ClosedState.NEVER_OPENED)
    this.highestIndex = index
  }

  /** A stream that was open is closed, or more became known of one that is. */
  close(streamId: number, state: number): void {
    const index = streamId >>> 1
    if (index > this.highestIndex - REMEMBERED_STREAMS) this.write(index, state)
  }

  /** What is known of an id that is not open and not higher than the highest one opened. */
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
