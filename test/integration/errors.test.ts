/** Errors thrown by a handler do not reach the client, which gets a code, a fixed message and an id to report. */
import { create, toBinary } from '@bufbuild/protobuf'
import { describe, expect, test } from 'vitest'
import { GetStreamRequestSchema, PutStreamRequestSchema } from '../../gen/greeter/v1/greeter_pb.js'
import { brokenRoutes, FAILURE_NAMES, SECRET } from '../support/broken-services.ts'
import { type CallProtocol, callHeaders, endOf, envelope, sayHello, UNARY_PROTOCOLS } from '../support/calls.ts'
import { type StartedApp, startRoutes } from '../support/demo-server.ts'
import { type Exchanged, exchangeHttp1, exchangeHttp2 } from '../support/exchange.ts'
import { LogCapture } from '../support/log-capture.ts'

const ID = /internal error ([0-9a-f-]{36})$/
const STREAM_PROTOCOLS = ['grpc', 'grpc-web', 'connect-stream'] as const
const GET_STREAM = toBinary(GetStreamRequestSchema, create(GetStreamRequestSchema, { topic: 't' }))
const PUT_STREAM = toBinary(PutStreamRequestSchema, create(PutStreamRequestSchema, { topic: 't' }))

async function startBroken(): Promise<{ server: StartedApp; log: LogCapture }> {
  const log = new LogCapture()
  return { server: await startRoutes({ routes: brokenRoutes, logger: log.logger }), log }
}

function wire({ headers, trailers, body }: Exchanged): string {
  return JSON.stringify([headers, trailers]) + body.toString('latin1')
}

/** Common to all concealed failures. */
function expectConcealed(protocol: CallProtocol, answer: Exchanged, log: LogCapture): void {
  expect(wire(answer)).not.toContain(SECRET)
  const end = endOf(protocol, answer)
  expect(end.code).toBe(protocol.startsWith('grpc') ? 'grpc-status 13' : 'internal')
  const [, id] = ID.exec(end.message) ?? []
  expect(id, end.message).toBeDefined()
  expect(log.lines.map((line) => line.errorId)).toContain(id)
}

describe.each(UNARY_PROTOCOLS)('a unary handler over %s', (protocol) => {
  test.each(FAILURE_NAMES)('fails by %s', async (name) => {
    const { server, log } = await startBroken()
    expectConcealed(protocol, await exchangeHttp2(server.origin, sayHello(protocol, name)), log)
    expectConcealed(protocol, await exchangeHttp1(server.origin, sayHello(protocol, name)), log)
  })

  test('a ConnectError reaches the client unchanged, and logs no error', async () => {
    const { server, log } = await startBroken()
    const end = endOf(protocol, await exchangeHttp2(server.origin, sayHello(protocol, 'not found')))
    expect(end).toEqual({ code: protocol.startsWith('grpc') ? 'grpc-status 5' : 'not_found', message: 'no such name' })
    expect(log.lines.filter((line) => line.level === 50)).toEqual([])
  })
})

describe.each(STREAM_PROTOCOLS)('a streaming handler over %s', (protocol) => {
  test.each([
    ['GetStream', GET_STREAM],
    ['PutStream', PUT_STREAM],
  ])('%s fails', async (method, message) => {
    const { server, log } = await startBroken()
    const path = `/greeter.v1.GreeterService/${method}`
    const answer = await exchangeHttp2(server.origin, { path, headers: callHeaders(protocol), body: envelope(message) })
    expectConcealed(protocol, answer, log)
  })
})
