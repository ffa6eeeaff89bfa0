/** Reads the inflated length that a compressed message claims. It is only a hint, as senders can lie. */

const GZIP_MIN_BYTES = 18
const ZSTD_MAGIC = 0xfd2fb528
const ZSTD_DESCRIPTOR_AT = 4
/** Indexed by two bits of the frame header descriptor. */
const ZSTD_DICTIONARY_BYTES = [0, 1, 2, 4]
const ZSTD_SIZE_BYTES = [0, 2, 4, 8]
/** Added to a size of two octets (RFC 8878, section 3.1.1.1.4). */
const ZSTD_SHORT_OFFSET = 256

/** The buffer for a message that claims no length: a multiple of its compressed length, within bounds. */
const LIKELY_RATIO = 16
const MIN_LIKELY_BYTES = 65_536
const MAX_LIKELY_BYTES = 1_048_576

/** Estimates the inflated length of a message that claims none. */
export function likelyBytes({ byteLength }: Uint8Array): number {
  return Math.min(Math.max(LIKELY_RATIO * byteLength, MIN_LIKELY_BYTES), MAX_LIKELY_BYTES)
}

/** Reads the trailer of the last gzip member, usually the only one (RFC 1952, section 2.3.1). Undefined if it is not gzip. */
export function claimedGzipBytes(data: Uint8Array): number | undefined {
  const { byteLength } = data
  if (byteLength < GZIP_MIN_BYTES || data[0] !== 0x1f || data[1] !== 0x8b) return undefined
  return viewOf(data).getUint32(byteLength - 4, true)
}

/** Reads the header of the first zstd frame (RFC 8878, section 3.1.1.1). Undefined if it is not zstd or claims no length. */
export function claimedZstdBytes(data: Uint8Array): number | undefined {
  const view = viewOf(data)
  if (data.byteLength <= ZSTD_DESCRIPTOR_AT || view.getUint32(0, true) !== ZSTD_MAGIC) return undefined
  const descriptor = view.getUint8(ZSTD_DESCRIPTOR_AT)
  const isSingleSegment = (descriptor & 0b10_0000) !== 0
  const flag = descriptor >> 6
  const sizeBytes = flag === 0 && isSingleSegment ? 1 : (ZSTD_SIZE_BYTES[flag] ?? 0)
  const at = ZSTD_DESCRIPTOR_AT + 1 + (isSingleSegment ? 0 : 1) + (ZSTD_DICTIONARY_BYTES[descriptor & 0b11] ?? 0)
  if (sizeBytes === 0 || data.byteLength < at + sizeBytes) return undefined
  if (sizeBytes === 1) return view.getUint8(at)
  if (sizeBytes === 2) return view.getUint16(at, true) + ZSTD_SHORT_OFFSET
  return sizeBytes === 4 ? view.getUint32(at, true) : Number(view.getBigUint64(at, true))
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength)
}
