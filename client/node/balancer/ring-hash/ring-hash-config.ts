/** What ring_hash can be told. */
import { FieldReader } from '../../service-config/field-reader.ts'

/** How large the ring is, and what calls are placed on it by. */
export interface RingHashConfig {
  /** The least number of places. From 1 to 4,096; higher ones, up to 8,388,608, count as 4,096. Default 1,024. */
  readonly minRingSize: number
  /** The most places. As `minRingSize`, and not below it. Default 4,096. */
  readonly maxRingSize: number
  /** The request header whose value decides, in lower case (gRFC A76). Null: chance decides. */
  readonly requestHashHeader: string | null
}

const MAX_RING_SIZE = 8_388_608
/** More places than this are lowered silently: it is the client that bears them (gRFC A42). */
const RING_SIZE_CAP = 4_096
const RING_SIZE = { min: 1, max: MAX_RING_SIZE }

const HEADER_NAME = /^[0-9a-z_.-]+$/

/** Reads `{"minRingSize": 1024, "maxRingSize": 4096, "requestHashHeader": "session"}`. Throws ServiceConfigError. */
export function parseRingHashConfig(json: unknown): RingHashConfig {
  const fields = new FieldReader(json)
  const minRingSize = fields.integer('minRingSize', RING_SIZE) ?? 1_024
  const maxRingSize = fields.integer('maxRingSize', RING_SIZE) ?? RING_SIZE_CAP
  if (minRingSize > maxRingSize)
    fields.fault('minRingSize', minRingSize, `at most maxRingSize, which is ${maxRingSize}`)
  const header = fields.string('requestHashHeader')?.toLowerCase() ?? ''
  if (header !== '' && (!HEADER_NAME.test(header) || header.endsWith('-bin'))) {
    fields.fault('requestHashHeader', header, 'the name of a header that is text')
  }
  fields.finish()
  return Object.freeze({
    minRingSize: Math.min(minRingSize, RING_SIZE_CAP),
    maxRingSize: Math.min(maxRingSize, RING_SIZE_CAP),
    requestHashHeader: header === '' ? null : header,
  })
}
