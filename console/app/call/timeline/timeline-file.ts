/** A time line as a file: one entry per line, in JSON. */
import type { TimelineEntry } from '../../contracts/live-call.ts'
import { entryText, type TimelineTypes } from './timeline-filter.ts'

/** Returns the entries as NDJSON. Messages are protobuf's JSON. */
export function timelineNdjson(entries: readonly TimelineEntry[], types: TimelineTypes): string {
  return entries.map((entry) => `${lineOf(entry, types)}\n`).join('')
}

function lineOf(entry: TimelineEntry, types: TimelineTypes): string {
  const atMs = Math.round(entry.atMs * 1_000) / 1_000
  switch (entry.kind) {
    case 'message': {
      const { direction, sequence, sizeBytes } = entry
      const head = JSON.stringify({ atMs, direction, sequence, sizeBytes })
      // The text of the message is kept as it is.
      return `${head.slice(0, -1)},"message":${entryText(entry, types)}}`
    }
    case 'headers':
    case 'trailers':
      return JSON.stringify({ atMs, [entry.kind]: entry.fields })
    case 'half-close':
      return JSON.stringify({ atMs, halfClose: true })
    case 'end': {
      const { code, message, httpStatus } = entry.status
      return JSON.stringify({ atMs, end: { code, message, httpStatus } })
    }
  }
}
