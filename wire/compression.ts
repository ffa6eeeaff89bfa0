/** Compresses and inflates messages: gzip, and what else node:zlib of this Node can do. */
import { promisify } from 'node:util'
import * as zlib from 'node:zlib'
import { Code, ConnectError } from '@connectrpc/connect'

/** One algorithm. Connect's own `Compression` objects are such, which answer by promise alone. */
export interface Compression {
  /** As it stands in the encoding headers. */
  readonly name: string
  /** Returns a promise where the work is too much for a turn of the event loop. */
  compress(data: Uint8Array): Uint8Array | Promise<Uint8Array>
  /**
   * Inflates to at most `maxBytes`; nothing above is ever produced.
   *
   * @throws ConnectError RESOURCE_EXHAUSTED above the limit, INVALID_ARGUMENT for what is not of this algorithm; or rejects so
   */
  decompress(data: Uint8Array, maxBytes: number): Uint8Array | Promise<Uint8Array>
}

/** Input above this goes to the thread pool; so does output, where inflating finds more. */
const SYNC_INPUT_BYTES = 16_384
const SYNC_OUTPUT_BYTES = 65_536

/** Messages below are not worth compressing (as in Connect). */
export const DEFAULT_COMPRESS_MIN_BYTES = 1_024

/** The fastest levels: a server's CPU costs more than the rest of the bandwidth. */
const GZIP_LEVEL = 1
const BROTLI_QUALITY = 2
const ZSTD_LEVEL = 1

type SyncFunction<O> = (data: Uint8Array, options: O) => Buffer<ArrayBuffer>
type AsyncFunction<O> = (data: Uint8Array, options: O) => Promise<Buffer<ArrayBuffer>>

interface Algorithm<O> {
  readonly name: string
  readonly options: O
  readonly compressSync: SyncFunction<O>
  readonly compress: AsyncFunction<O>
  readonly inflateSync: SyncFunction<{ maxOutputLength: number }>
  readonly inflate: AsyncFunction<{ maxOutputLength: number }>
}

/** RFC 1952. Every peer has it. */
export const gzip: Compression = compressionOf<zlib.ZlibOptions>({
  name: 'gzip',
  options: { level: GZIP_LEVEL },
  compressSync: zlib.gzipSync,
  compress: promisify<Uint8Array, zlib.ZlibOptions, Buffer<ArrayBuffer>>(zlib.gzip),
  inflateSync: zlib.gunzipSync,
  inflate: promisify<Uint8Array, zlib.ZlibOptions, Buffer<ArrayBuffer>>(zlib.gunzip),
})

/** RFC 7932. Off unless asked for: its decoder has been the worst of zlib's to trust with what strangers send. */
export const brotli: Compression = compressionOf<zlib.BrotliOptions>({
  name: 'br',
  options: { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } },
  compressSync: zlib.brotliCompressSync,
  compress: promisify<Uint8Array, zlib.BrotliOptions, Buffer<ArrayBuffer>>(zlib.brotliCompress),
  inflateSync: zlib.brotliDecompressSync,
  inflate: promisify<Uint8Array, zlib.BrotliOptions, Buffer<ArrayBuffer>>(zlib.brotliDecompress),
})

/** RFC 8878, or undefined where this Node has none that can be trusted. */
export const zstd: Compression | undefined = hasSoundZstd() ? zstdCompression() : undefined

/** Node 22 has zstd, and takes half a frame for a whole one: half a message would pass for one. */
function hasSoundZstd(): boolean {
  if (typeof zlib.zstdCompressSync !== 'function') return false
  const frame = zlib.zstdCompressSync(Buffer.alloc(DEFAULT_COMPRESS_MIN_BYTES))
  try {
    zlib.zstdDecompressSync(frame.subarray(0, frame.byteLength / 2))
    return false
  } catch {
    return true
  }
}

function zstdCompression(): Compression {
  return compressionOf<zlib.ZstdOptions>({
    name: 'zstd',
    options: { params: { [zlib.constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL } },
    compressSync: zlib.zstdCompressSync,
    compress: promisify<Uint8Array, zlib.ZstdOptions, Buffer<ArrayBuffer>>(zlib.zstdCompress),
    inflateSync: zlib.zstdDecompressSync,
    inflate: promisify<Uint8Array, zlib.ZstdOptions, Buffer<ArrayBuffer>>(zlib.zstdDecompress),
  })
}

function compressionOf<O>(algorithm: Algorithm<O>): Compression {
  return Object.freeze({
    name: algorithm.name,
    compress(data: Uint8Array) {
      const isSmall = data.byteLength < SYNC_INPUT_BYTES
      return isSmall ? algorithm.compressSync(data, algorithm.options) : algorithm.compress(data, algorithm.options)
    },
    decompress: (data: Uint8Array, maxBytes: number) => inflate(algorithm, data, maxBytes),
  })
}

/** Small input that inflates to a lot is begun again on the thread pool: how much it is shows only on the way. */
function inflate<O>(algorithm: Algorithm<O>, data: Uint8Array, maxBytes: number): Uint8Array | Promise<Uint8Array> {
  if (data.byteLength === 0) return data
  if (data.byteLength >= SYNC_INPUT_BYTES) return inflateLater(algorithm, data, maxBytes)
  const syncBytes = Math.min(maxBytes, SYNC_OUTPUT_BYTES)
  try {
    return algorithm.inflateSync(data, { maxOutputLength: syncBytes })
  } catch (error) {
    if (isTooLarge(error) && syncBytes < maxBytes) return inflateLater(algorithm, data, maxBytes)
    throw inflateError(error, algorithm.name, maxBytes)
  }
}

async function inflateLater<O>(algorithm: Algorithm<O>, data: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  try {
    return await algorithm.inflate(data, { maxOutputLength: maxBytes })
  } catch (error) {
    throw inflateError(error, algorithm.name, maxBytes)
  }
}

function isTooLarge(error: unknown): boolean {
  return error instanceof RangeError && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
}

function inflateError(error: unknown, name: string, maxBytes: number): ConnectError {
  if (isTooLarge(error)) {
    const message = `the message is larger than ${maxBytes} bytes after decompression`
    return new ConnectError(message, Code.ResourceExhausted, undefined, undefined, error)
  }
  return new ConnectError(`the message is not ${name}`, Code.InvalidArgument, undefined, undefined, error)
}
