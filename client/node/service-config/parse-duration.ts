/** Parses durations in the JSON format of protobuf. */

/** Maximum of google.protobuf.Duration, about 10,000 years. */
const MAX_SECONDS = 315_576_000_000

const DURATION = /^(\d{1,12})(?:\.(\d{1,9}))?s$/

/**
 * Parses `1.5s`, with up to nine digits after the point; not negative.
 *
 * @returns milliseconds, possibly with a fraction; undefined for an invalid duration
 */
export function parseDuration(json: unknown): number | undefined {
  const match = typeof json === 'string' ? DURATION.exec(json) : null
  if (match === null) return undefined
  const seconds = Number(match[1])
  const nanos = Number((match[2] ?? '').padEnd(9, '0'))
  return seconds < MAX_SECONDS ? seconds * 1_000 + nanos / 1_000_000 : undefined
}
