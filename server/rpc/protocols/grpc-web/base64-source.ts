/** Reads a base64 body, for the text variant of gRPC-Web. */
import { Buffer } from 'node:buffer'
import { Code, ConnectError } from '@connectrpc/connect'
import type { ByteSource } from '../../../../wire/byte-source.ts'

/** Four characters encode three bytes. A client pads at each flush, so padding may occur after any group of four. */
const QUANTUM_CHARS = 4
const QUANTUM_BYTES = 3

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const PADDING = 64
const INVALID = 255

/** The six bits that each character stands for, by character code. */
const SEXTETS = new Uint8Array(256).fill(INVALID)
for (let i = 0; i < ALPHABET.length; i++) SEXTETS[ALPHABET.charCodeAt(i)] = i
SEXTETS['='.charCodeAt(0)] = PADDING

/** Decodes only what is requested. The rest stays in the transport, so that its flow control applies. */
export class Base64Source implements ByteSource {
  readonly #text: ByteSource
  #decoded: Buffer = Buffer.alloc(0)

  constructor(text: ByteSource) {
    this.#text = text
  }

  get readableBytes(): number {
    return this.#decoded.byteLength
  }

  get isPeerDone(): boolean {
    return this.#text.isPeerDone && this.#text.readableBytes === 0
  }

  want(bytes: number): boolean {
    while (this.#decoded.byteLength < bytes) {
      const chars = QUANTUM_CHARS * Math.ceil((bytes - this.#decoded.byteLength) / QUANTUM_BYTES)
      if (!this.#text.want(chars)) return false
      const there = Math.min(chars, this.#text.readableBytes)
      if (there === 0) return true
      this.#decode(there)
    }
    return true
  }

  byteAt(offset: number): number {
    return this.#decoded.readUInt8(offset)
  }

  read(bytes: number): Buffer {
    const data = this.#decoded.subarray(0, bytes)
    this.#decoded = this.#decoded.subarray(bytes)
    return data
  }

  #decode(chars: number): void {
    const octets = decodeQuanta(this.#text.read(chars))
    this.#decoded = this.#decoded.byteLength === 0 ? octets : Buffer.concat([this.#decoded, octets])
  }
}

/**
 * Strict, and linear however often the input is padded. Node's own decoder stops at padding and skips invalid
 * characters.
 */
function decodeQuanta(text: Buffer): Buffer {
  if (text.byteLength % QUANTUM_CHARS !== 0) throw malformed()
  const octets = Buffer.allocUnsafe((text.byteLength / QUANTUM_CHARS) * QUANTUM_BYTES)
  let length = 0
  for (let at = 0; at < text.byteLength; at += QUANTUM_CHARS) {
    const first = sextet(text, at)
    const second = sextet(text, at + 1)
    const third = sextet(text, at + 2)
    const fourth = sextet(text, at + 3)
    if (Math.max(first, second) >= PADDING || Math.max(third, fourth) > PADDING) throw malformed()
    if (third === PADDING && fourth !== PADDING) throw malformed()
    octets[length++] = (first << 2) | (second >> 4)
    if (third !== PADDING) octets[length++] = (second << 4) | (third >> 2)
    if (fourth !== PADDING) octets[length++] = (third << 6) | fourth
  }
  return octets.subarray(0, length)
}

function sextet(text: Buffer, at: number): number {
  return SEXTETS[text[at] ?? 0] ?? INVALID
}

function malformed(): ConnectError {
  return new ConnectError('request body is not valid base64', Code.InvalidArgument)
}
