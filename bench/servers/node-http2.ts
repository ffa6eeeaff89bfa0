/**
 * SayHello over gRPC on the core API of node:http2, with the real codec and nothing else: no routing, limits, deadlines or
 * errors. It shows what a server built on node:http2 could reach at most.
 */
import { createServer, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { SayHelloRequestSchema, SayHelloResponseSchema } from '../../gen/greeter/v1/greeter_pb.js'
import { announce } from './announce.ts'

const ENVELOPE_BYTES = 5
const HEADERS = { ':status': 200, 'content-type': 'application/grpc+proto' }
const TRAILERS = { 'grpc-status': '0' }

const server = createServer()
server.on('stream', (stream: ServerHttp2Stream) => {
  const chunks: Buffer[] = []
  stream.on('error', () => {})
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  stream.on('end', () => answer(stream, Buffer.concat(chunks)))
})
server.listen(0, '127.0.0.1', () => announce(server.address() as AddressInfo))

function answer(stream: ServerHttp2Stream, body: Buffer): void {
  // A load ends in the middle of calls.
  if (stream.destroyed) return
  const { name } = fromBinary(SayHelloRequestSchema, body.subarray(ENVELOPE_BYTES))
  const message = toBinary(SayHelloResponseSchema, create(SayHelloResponseSchema, { message: `Hello ${name}` }))
  const reply = Buffer.allocUnsafe(ENVELOPE_BYTES + message.length)
  reply[0] = 0
  reply.writeUInt32BE(message.length, 1)
  reply.set(message, ENVELOPE_BYTES)
  stream.respond(HEADERS, { waitForTrailers: true })
  stream.on('wantTrailers', () => stream.sendTrailers(TRAILERS))
  stream.end(reply)
}
