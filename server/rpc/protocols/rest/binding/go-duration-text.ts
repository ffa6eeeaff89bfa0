/** Durations as Go writes them, such as `1h30m` and `250ms`, which clients of grpc-gateway may send. */
import { create } from '@bufbuild/protobuf'
import { DurationSchema } from '@bufbuild/protobuf/wkt'

const PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|\u00b5s|\u03bcs|ms|s|m|h)/y

const NANOS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  '\u00b5s': 1_000n,
  '\u03bcs': 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
}
const SECOND = 1_000_000_000n

/** The largest duration in Go: an int64 of nanoseconds, about 292 years. */
const MAX_NANOS = 2n ** 63n - 1n

/** Longer texts are out of range, or more exact than nanoseconds. */
const MAX_CHARS = 100

/** Returns the duration of a text that Go's time.ParseDuration accepts; undefined for other texts. */
export function parseGoDuration(text: string): unknown {
  const isNegative = text.startsWith('-')
  const bare = isNegative || text.startsWith('+') ? text.slice(1) : text
  const nanos = bare === '0' ? 0n : nanosOf(bare)
  if (nanos === undefined || nanos > MAX_NANOS) return undefined
  const signed = isNegative ? -nanos : nanos
  return create(DurationSchema, { seconds: signed / SECOND, nanos: Number(signed % SECOND) })
}

function nanosOf(text: string): bigint | undefined {
  if (text === '' || text.length > MAX_CHARS) return undefined
  let sum = 0n
  for (let at = 0; at < text.length; ) {
    PART.lastIndex = at
    const [all = '', number = '', unit = ''] = PART.exec(text) ?? []
    if (all === '') return undefined
    const [whole = '', fraction = ''] = number.split('.')
    const factor = NANOS[unit] ?? 0n
    sum += BigInt(whole) * factor + (BigInt(fraction || '0') * factor) / 10n ** BigInt(fraction.length)
    at += all.length
  }
  return sum
}
