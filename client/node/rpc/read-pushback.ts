/** Reads how a server wishes to be asked again (gRFC A6). */
import type { HeaderField } from '../../../wire/http2/http2.ts'

const PUSHBACK = 'grpc-retry-pushback-ms'
const MAX_PUSHBACK_MS = 2_147_483_647

/**
 * The milliseconds to wait; undefined where the server says nothing; anything but one number means that there shall be no
 * other attempt.
 *
 * @param trailers of a Trailers-Only answer; null: there was none
 */
export function readPushback(trailers: readonly HeaderField[] | null): number | 'never' | undefined {
  const values = (trailers ?? []).filter(({ name }) => name === PUSHBACK).map(({ value }) => value)
  if (values.length === 0) return undefined
  const [value = ''] = values
  const isNumber = values.length === 1 && /^\d{1,10}$/.test(value) && Number(value) <= MAX_PUSHBACK_MS
  return isNumber ? Number(value) : 'never'
}
