/** Calls in all four modes over WebSockets on HTTP/1.1, as a client of `ws` and that of nice-grpc-web make them. */
import { Code } from '@connectrpc/connect'
import { expect, test } from 'vitest'
import { GreeterService } from '../../../gen/greeter/v1/greeter_pb.js'
import { startRoutes } from '../../support/demo-server.ts'
import { ERROR_TEXT, echoRoutes } from '../../support/echo-greeter.ts'
import { callByWebSocket, WebSocketCall } from '../../support/websocket/websocket-client.ts'

const { sayHello, getStream, putStream, allStream } = GreeterService.method

async function start(): Promise<string> {
  const { port } = await startRoutes({ lane: 'native', routes: echoRoutes })
  return `ws://127.0.0.1:${port}`
}

test('a unary call has headers, one message and trailers, and closes with 1000', async () => {
  const answer = await callByWebSocket({ origin: await start(), method: sayHello, block: { 'echo-a': 'b' } }, [
    { name: 'Ada' },
  ])
  expect(answer.decoded.map(({ message }) => message)).toEqual(['Hello Ada'])
  expect(answer.headers.get('content-type')).toBe('application/grpc-web+proto')
  expect(answer.headers.get('echo-a')).toBe('b')
  expect(answer.trailers?.get('grpc-status')).toBe('0')
  expect(answer.trailers?.get('late-echo-a')).toBe('b')
  expect(answer.code).toBe(1000)
})

test('a server stream', async () => {
  const answer = await callByWebSocket({ origin: await start(), method: getStream }, [{ topic: 'x', limit: 3 }])
  expect(answer.decoded.map(({ sequence }) => sequence)).toEqual([0n, 1n, 2n])
  expect(answer.trailers?.get('grpc-status')).toBe('0')
})

test('a client stream', async () => {
  const answer = await callByWebSocket({ origin: await start(), method: putStream }, [{ data: 'a' }, { data: 'b' }])
  expect(answer.decoded.map(({ accepted }) => accepted)).toEqual([2n])
})

test('a bidirectional stream takes turns', async () => {
  const call = await WebSocketCall.open({ origin: await start(), method: allStream })
  for (let i = 1; i <= 3; i++) {
    call.send({ topic: 't', data: `${i}` })
    expect((await call.untilMessages(i)).at(-1)?.data).toBe(`${i}`)
  }
  call.halfClose()
  const answer = await call.answer()
  expect(answer.trailers?.get('grpc-status')).toBe('0')
  expect(answer.code).toBe(1000)
})

test('an error without a message is one envelope, with headers and trailers together', async () => {
  const answer = await callByWebSocket({ origin: await start(), method: sayHello, block: { 'echo-a': 'b' } }, [
    { name: 'fail' },
  ])
  expect(answer.fieldEnvelopes).toBe(1)
  expect(answer.trailers?.get('grpc-status')).toBe(String(Code.DataLoss))
  expect(decodeURIComponent(answer.trailers?.get('grpc-message') ?? '')).toBe(ERROR_TEXT)
  expect(answer.trailers?.get('x-error')).toBe('meta')
  expect(answer.trailers?.get('echo-a')).toBe('b')
  expect(answer.code).toBe(1000)
})
