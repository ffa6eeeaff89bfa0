/** The config of ring_hash. */
import { FieldReader } from '../../service-config/field-reader.ts'

/** The size of the ring, and the source of the hash. */
export interface RingHashConfig {
  /** Minimum number of entries. From 1 to 4,096; higher ones, up to 8,388,608, count as 4,096. Default 1,024. */
  readonly minRingSize: number
  /** Maximum number of entries. Range as `minRingSize`, and not below it. Default 4,096. */
  readonly maxRingSize: number
  /** The request header whose value is hashed, in lower case (gRFC A76). Null: a random hash. */
  readonly requestHashHeader: string | null
}

const MAX_RING_SIZE = 8_388_608
/** Larger sizes are silently reduced to this, which limits the memory of the client (gRFC A42). */
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
