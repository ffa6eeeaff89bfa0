/** Durations as protobuf writes them in JSON. */

/** The longest that google.protobuf.Duration allows, some 10,000 years. */
const MAX_SECONDS = 315_576_000_000

const DURATION = /^(\d{1,12})(?:\.(\d{1,9}))?s$/

/**
 * Reads `1.5s`, with up to nine digits after the point; never negative.
 *
 * @returns milliseconds, with a fraction where there is one; undefined for what is no such duration
 */
export function parseDuration(json: unknown): number | undefined {
  const match = typeof json === 'string' ? DURATION.exec(json) : null
  if (match === null) return undefined
  const seconds = Number(match[1])
  const nanos = Number((match[2] ?? '').padEnd(9, '0'))
  return seconds < MAX_SECONDS ? seconds * 1_000 + nanos / 1_000_000 : undefined
}
