/** The compressions of messages: gzip, brotli, and zstd where this Node has a sound decoder. */
import type { Transform } from 'node:stream'
import { promisify } from 'node:util'
import * as zlib from 'node:zlib'
import { Code, ConnectError } from '@connectrpc/connect'
import { claimedGzipBytes, claimedZstdBytes, likelyBytes } from './claimed-bytes.ts'
import { type InflateOptions, inflateStream, isOverLimit } from './inflate-stream.ts'

/** A compression algorithm. Connect's own `Compression` objects are assignable; they always return promises. */
export interface Compression {
  /** The name in encoding headers. */
  readonly name: string
  /** Returns a promise if the work would block the event loop for too long. */
  compress(data: Uint8Array): Uint8Array | Promise<Uint8Array>
  /**
   * Inflates to at most `maxBytes` octets, and never produces more.
   *
   * @throws ConnectError RESOURCE_EXHAUSTED above the limit, INVALID_ARGUMENT for malformed data; a promise rejects with the same
   */
  decompress(data: Uint8Array, maxBytes: number): Uint8Array | Promise<Uint8Array>
}

/** Larger input goes to the thread pool, and so does input whose output may be larger than the second limit. */
const SYNC_INPUT_BYTES = 16_384
const SYNC_OUTPUT_BYTES = 65_536

/** Smaller messages are not worth compressing (as in Connect). */
export const DEFAULT_COMPRESS_MIN_BYTES = 1_024

/** The fastest levels, as CPU time costs a server more than the bandwidth that higher levels save. */
const GZIP_LEVEL = 1
const BROTLI_QUALITY = 2
const ZSTD_LEVEL = 1

/** A decoder needs a window of at most 8 MiB (RFC 9659), unless messages may be larger. */
const MIN_ZSTD_WINDOW_LOG = 23
const MAX_ZSTD_WINDOW_LOG = 31

interface Algorithm {
  readonly name: string
  compressSync(data: Uint8Array): Uint8Array
  compress(data: Uint8Array): Promise<Uint8Array>
  /** Undefined if the format does not state the inflated length: its messages are then always inflated on a thread. */
  readonly inflateSync?: (data: Uint8Array, maxBytes: number) => Uint8Array
  createInflate(chunkSize: number, maxBytes: number): Transform
  /** As `ZlibCompression.claimedBytes`. */
  claimedBytes(data: Uint8Array): number | undefined
}

/** An algorithm of node:zlib. */
export class ZlibCompression implements Compression {
  readonly name: string
  readonly #algorithm: Algorithm

  constructor(algorithm: Algorithm) {
    this.name = algorithm.name
    this.#algorithm = algorithm
    Object.freeze(this)
  }

  /** Whether to compress the message synchronously. */
  compressesNow(data: Uint8Array): boolean {
    return data.byteLength < SYNC_INPUT_BYTES
  }

  /** Compresses synchronously, whatever the size. */
  compressNow(data: Uint8Array): Uint8Array {
    return this.#algorithm.compressSync(data)
  }

  compress(data: Uint8Array): Uint8Array | Promise<Uint8Array> {
    return this.compressesNow(data) ? this.compressNow(data) : this.#algorithm.compress(data)
  }

  decompress(data: Uint8Array, maxBytes: number): Uint8Array | Promise<Uint8Array> {
    const claimedBytes = this.claimedBytes(data)
    const plain = this.inflatesNow(data, claimedBytes) ? this.inflateNow(data, maxBytes) : null
    if (plain !== null) return plain
    return this.inflateLater(data, { maxBytes, expectedBytes: claimedBytes ?? likelyBytes(data), onGrowth: () => {} })
  }

  /** The inflated length that a message claims, in octets; undefined if it claims none. Senders can lie. */
  claimedBytes(data: Uint8Array): number | undefined {
    return this.#algorithm.claimedBytes(data)
  }

  /** Whether to inflate the message synchronously, assuming that its claim is true. */
  inflatesNow(data: Uint8Array, claimedBytes: number | undefined): boolean {
    if (data.byteLength === 0) return true
    if (this.#algorithm.inflateSync === undefined || claimedBytes === undefined) return false
    return claimedBytes <= SYNC_OUTPUT_BYTES && data.byteLength < SYNC_INPUT_BYTES
  }

  /**
   * Inflates a message for which `inflatesNow` is true. Null if it is longer than it claims, and needs a thread.
   *
   * @throws as `decompress`
   */
  inflateNow(data: Uint8Array, maxBytes: number): Uint8Array | null {
    const { inflateSync } = this.#algorithm
    if (data.byteLength === 0 || inflateSync === undefined) return data
    const syncBytes = Math.min(maxBytes, SYNC_OUTPUT_BYTES)
    try {
      return inflateSync(data, syncBytes)
    } catch (error) {
      if (isOverLimit(error) && syncBytes < maxBytes) return null
      throw inflateError(error, this.name, maxBytes)
    }
  }

  /** Inflates on the thread pool. Rejects as `decompress` does. */
  async inflateLater(data: Uint8Array, options: InflateOptions): Promise<Uint8Array> {
    const { maxBytes } = options
    try {
      return await inflateStream((chunkSize) => this.#algorithm.createInflate(chunkSize, maxBytes), data, options)
    } catch (error) {
      throw inflateError(error, this.name, maxBytes)
    }
  }
}

const GZIP_OPTIONS: zlib.ZlibOptions = { level: GZIP_LEVEL }
const gzipLater = promisify<Uint8Array, zlib.ZlibOptions, Buffer<ArrayBuffer>>(zlib.gzip)

/** gzip (RFC 1952), which every peer supports. */
export const gzip: ZlibCompression = new ZlibCompression({
  name: 'gzip',
  compressSync: (data) => zlib.gzipSync(data, GZIP_OPTIONS),
  compress: (data) => gzipLater(data, GZIP_OPTIONS),
  inflateSync: (data, maxOutputLength) => zlib.gunzipSync(data, { maxOutputLength }),
  createInflate: (chunkSize) => zlib.createGunzip({ chunkSize }),
  claimedBytes: claimedGzipBytes,
})

const BROTLI_OPTIONS: zlib.BrotliOptions = { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } }
const brotliLater = promisify<Uint8Array, zlib.BrotliOptions, Buffer<ArrayBuffer>>(zlib.brotliCompress)

/** Brotli (RFC 7932). Off by default: of zlib's decoders it has had the most faults with hostile input. */
export const brotli: ZlibCompression = new ZlibCompression({
  name: 'br',
  compressSync: (data) => zlib.brotliCompressSync(data, BROTLI_OPTIONS),
  compress: (data) => brotliLater(data, BROTLI_OPTIONS),
  createInflate: (chunkSize) => zlib.createBrotliDecompress({ chunkSize }),
  // A brotli stream does not state its inflated length.
  claimedBytes: () => undefined,
})

/** zstd (RFC 8878); undefined where this Node has no sound decoder. */
export const zstd: ZlibCompression | undefined = hasSoundZstd() ? zstdCompression() : undefined

/** Node 22 accepts half a zstd frame as a whole one, so that a truncated message would pass. */
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

function zstdCompression(): ZlibCompression {
  const level = { [zlib.constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL }
  const later = promisify<Uint8Array, zlib.ZstdOptions, Buffer<ArrayBuffer>>(zlib.zstdCompress)
  return new ZlibCompression({
    name: 'zstd',
    compressSync: (data) => zlib.zstdCompressSync(data, { params: level }),
    // Without the pledged size the frame would not state the inflated length.
    compress: (data) => later(data, { params: level, pledgedSrcSize: data.byteLength }),
    inflateSync: (data, maxOutputLength) =>
      zlib.zstdDecompressSync(data, { maxOutputLength, params: windowOf(maxOutputLength) }),
    createInflate: (chunkSize, maxBytes) => zlib.createZstdDecompress({ chunkSize, params: windowOf(maxBytes) }),
    claimedBytes: claimedZstdBytes,
  })
}

/** The largest window that a message may need, as the decoder allocates it whole. */
function windowOf(maxBytes: number): Record<number, number> {
  const bits = Math.min(Math.max(Math.ceil(Math.log2(maxBytes)), MIN_ZSTD_WINDOW_LOG), MAX_ZSTD_WINDOW_LOG)
  return { [zlib.constants.ZSTD_d_windowLogMax]: bits }
}

function inflateError(error: unknown, name: string, maxBytes: number): ConnectError {
  if (error instanceof ConnectError) return error
  if (isOverLimit(error)) {
    const message = `the message is larger than ${maxBytes} bytes after decompression`
    return new ConnectError(message, Code.ResourceExhausted, undefined, undefined, error)
  }
  return new ConnectError(`the message is not ${name}`, Code.InvalidArgument, undefined, undefined, error)
}
