/** The content of a file, in the encodings that its readers accept. */
import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { acceptedItems } from '../rpc/exchange/accepted-items.ts'

/** The encodings that files are sent in, the smallest first. */
const ENCODINGS = ['br', 'gzip'] as const

/** An encoding of HTTP. */
export type FileEncoding = (typeof ENCODINGS)[number]

/** For files above this size, the last few percent cost brotli seconds. */
const LARGE_BYTES = 1_048_576
const QUALITY = { normal: 9, large: 5 }

const COMPRESS: Readonly<Record<FileEncoding, (body: Buffer) => Promise<Buffer>>> = {
  br: (body) => promisify(brotliCompress)(body, { params: { [constants.BROTLI_PARAM_QUALITY]: qualityFor(body) } }),
  gzip: (body) => promisify(gzip)(body),
}

/** Octets with a tag. Encodings are made when they are first asked for, outside of the event loop, and kept. */
export class FileContent {
  readonly plain: Buffer
  readonly #tag: string
  readonly #encoded = new Map<FileEncoding, Promise<Buffer>>()

  constructor(made: string | Uint8Array) {
    this.plain =
      typeof made === 'string' ? Buffer.from(made) : Buffer.from(made.buffer, made.byteOffset, made.byteLength)
    this.#tag = createHash('sha256').update(this.plain).digest('base64url')
  }

  /** Encodings are different representations, so each has a tag of its own (RFC 9110, section 8.8.3.3). */
  etagFor(encoding: FileEncoding | null): string {
    return encoding === null ? `"${this.#tag}"` : `"${this.#tag}-${encoding}"`
  }

  encoded(encoding: FileEncoding): Promise<Buffer> {
    const body = this.#encoded.get(encoding) ?? COMPRESS[encoding](this.plain)
    this.#encoded.set(encoding, body)
    return body
  }
}

function qualityFor({ byteLength }: Buffer): number {
  return byteLength > LARGE_BYTES ? QUALITY.large : QUALITY.normal
}

/**
 * Chooses the encoding of a response: the smallest of those that the reader accepts; null for none.
 *
 * @param accepted the value of `Accept-Encoding`
 */
export function chooseEncoding(accepted: string | undefined): FileEncoding | null {
  if (accepted === undefined) return null
  const items = acceptedItems(accepted.toLowerCase())
  const weightOf = (encoding: string) =>
    (items.find(({ value }) => value === encoding) ?? items.find(isAny))?.weight ?? 0
  return ENCODINGS.find((encoding) => weightOf(encoding) > 0) ?? null
}

function isAny({ value }: { readonly value: string }): boolean {
  return value === '*'
}
