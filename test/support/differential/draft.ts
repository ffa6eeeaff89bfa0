/** A call under construction: the generator's starting point, which oddities modify. */
import { create, toBinary, toJsonString } from '@bufbuild/protobuf'
import { GreeterService } from '../../../gen/greeter/v1/greeter_pb.js'

/** Protocols, by how they are sent. */
export const PROTOCOLS = [
  'grpc',
  'grpc-web',
  'grpc-web-text',
  'connect-stream',
  'connect-unary',
  'connect-get',
] as const
export type CallProtocol = (typeof PROTOCOLS)[number]

/** The receive limit of the compared servers: small, so that it is cheap to exceed. */
export const MAX_RECEIVE_BYTES = 65_536

/** One piece of a body, before it is put into an envelope. */
export interface Piece {
  data: Buffer
  flags: number
}

/** A call under construction, which oddities modify. */
export interface Draft {
  readonly method: keyof typeof GreeterService.method
  readonly protocol: CallProtocol
  readonly codec: 'proto' | 'json'
  readonly httpVersion: '1.1' | '2'
  readonly headers: Record<string, string | string[]>
  readonly query: URLSearchParams
  verb: string
  path: string
  pieces: Piece[]
  /** Applied to the whole body, last. */
  finish: (body: Buffer) => Buffer
  cancels: boolean
}

/** A request message that contains a command. */
export function messageOf(method: Draft['method'], codec: Draft['codec'], command: string): Buffer {
  const { input } = GreeterService.method[method]
  const message = create(input, { name: command, data: command, topic: command })
  return codec === 'json' ? Buffer.from(toJsonString(input, message)) : Buffer.from(toBinary(input, message))
}
