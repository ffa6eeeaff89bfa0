/** Times of messages as text. */
import { type Timestamp, timestampMs } from '@bufbuild/protobuf/wkt'
import { formatDate } from '../../parts/format.ts'

/** Returns `2026-03-14 14:03:07` in the zone of the user; a dash for none. */
export function momentText(timestamp: Timestamp | undefined): string {
  if (timestamp === undefined) return '–'
  const time = new Date(timestampMs(timestamp))
  return Number.isNaN(time.getTime()) ? '–' : `${formatDate(time)}:${String(time.getSeconds()).padStart(2, '0')}`
}
