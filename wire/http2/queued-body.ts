/** The queued body of a stream: pieces as the owner passed them, followed by short ones that were copied together. */
import { sentOctets } from './exclusive-octets.ts'
import type { FrameOutput } from './frame-output.ts'
import { ShortPieces } from './short-pieces.ts'
import type { StreamState } from './stream-state.ts'

/** Queues a piece, which is not empty. */
export function queuePiece(stream: StreamState, data: Uint8Array): void {
  if (stream.outShort !== null) keepOrder(stream, stream.outShort)
  pushPiece(stream, data)
}

/** Queues a copy of a short piece: `data[start, end)`. */
export function queueShort(stream: StreamState, data: Uint8Array, start: number, end: number): void {
  stream.outShort ??= new ShortPieces()
  stream.outShort.append(data, start, end)
}

/** Moves octets from the queue, which has enough, to the output. */
export function moveQueued(stream: StreamState, output: FrameOutput, bytes: number): void {
  let left = bytes
  while (left > 0 && stream.outData !== null) {
    const data = stream.outData
    const end = Math.min(data.length, stream.outOffset + left)
    output.append(data, stream.outOffset, end)
    left -= end - stream.outOffset
    stream.outOffset = end
    if (end === data.length) {
      if (output.isSynchronous) sentOctets.free(data)
      stream.outData = stream.outMore?.shift() ?? null
      stream.outOffset = 0
    }
  }
  if (left > 0 && stream.outShort?.moveTo(output, left) === true) stream.outShort = null
}

/** Drops the queue. */
export function dropQueued(stream: StreamState): void {
  stream.outData = null
  stream.outMore = null
  stream.outShort = null
}

function pushPiece(stream: StreamState, data: Uint8Array): void {
  if (stream.outData === null) stream.outData = data
  else if (stream.outMore === null) stream.outMore = [data]
  else stream.outMore.push(data)
}

/** Queues the short pieces as ordinary ones, so that the next piece does not overtake them. */
function keepOrder(stream: StreamState, short: ShortPieces): void {
  for (const piece of short.takeAll()) pushPiece(stream, piece)
  stream.outShort = null
}
