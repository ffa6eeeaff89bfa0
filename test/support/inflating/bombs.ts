/** Requests of a few bytes that inflate to 4 MiB, in each protocol and encoding. */
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { EnvelopeFlag, envelop } from '../../../wire/envelope.ts'

/** The size of an inflated message, just within the limit of 4 MiB. */
export const BOMB_BYTES = 4_194_304

/** The encodings, by their names in headers. */
export const BOMB_ENCODINGS = { gzip: gzipSync, br: brotliCompressSync, zstd: zstdCompressSync } as const

/** The name of an encoding. */
export type BombEncoding = keyof typeof BOMB_ENCODINGS

/** The protocols, with the method called. */
export const BOMB_KINDS = {
  'gRPC unary': { path: 'SayHello', type: 'application/grpc', field: 'grpc-encoding' },
  'gRPC server stream': { path: 'GetStream', type: 'application/grpc', field: 'grpc-encoding' },
  'gRPC client stream': { path: 'PutStream', type: 'application/grpc', field: 'grpc-encoding' },
  'gRPC-Web unary': { path: 'SayHello', type: 'application/grpc-web', field: 'grpc-encoding' },
  'gRPC-Web text unary': { path: 'SayHello', type: 'application/grpc-web-text', field: 'grpc-encoding' },
  'Connect unary': { path: 'SayHello', type: 'application/proto', field: 'content-encoding' },
  'Connect server stream': { path: 'GetStream', type: 'application/connect+proto', field: 'connect-content-encoding' },
} as const

/** The name of a protocol and a kind of method. */
export type BombKind = keyof typeof BOMB_KINDS

/** A request. */
export interface Bomb {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** Makes a request whose message inflates to `BOMB_BYTES`. @param handler as for the peak server */
export function createBomb(kind: BombKind, encoding: BombEncoding, handler: string): Bomb {
  const packed = BOMB_ENCODINGS[encoding](messageOf(BOMB_BYTES))
  const { headers, ...call } = createCall(kind, packed, handler, EnvelopeFlag.COMPRESSED)
  return { ...call, headers: { ...headers, [BOMB_KINDS[kind].field]: encoding } }
}

/** Makes a request of an unmodified message. */
export function createCall(kind: BombKind, message: Buffer, handler: string, flags: number = EnvelopeFlag.NONE): Bomb {
  const { path, type } = BOMB_KINDS[kind]
  const body = type === 'application/proto' ? message : envelop(flags, message)
  return {
    path: `/greeter.v1.GreeterService/${path}`,
    headers: { 'content-type': type, 'x-handler': handler },
    body: type === 'application/grpc-web-text' ? Buffer.from(body.toString('base64')) : body,
  }
}

/** A message of this many bytes: the string field that greeter messages begin with. */
export function messageOf(bytes: number): Buffer {
  const textBytes = bytes - 5
  const length = [0, 7, 14, 21].map((shift) => ((textBytes >> shift) & 0x7f) | (shift < 21 ? 0x80 : 0))
  return Buffer.concat([Buffer.from([0x0a, ...length]), Buffer.alloc(textBytes, 'a')])
}
