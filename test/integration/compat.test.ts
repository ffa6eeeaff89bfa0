import { Client, credentials, Metadata, status } from '@grpc/grpc-js'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { CallProbe } from '../support/call-probe.ts'
import { collect } from '../support/collect.ts'
import { startDemo } from '../support/demo-server.ts'
import { LogCapture } from '../support/log-capture.ts'

const LINE = '我是服务器'
const DATE_COUNT = 11

let origin: string
let client: Client
let log: LogCapture
let probe: CallProbe

beforeEach(async () => {
  log = new LogCapture()
  probe = new CallProbe()
  const app = await startDemo({ compatIntervalMs: 1, logger: log.logger, interceptors: [probe.interceptor] })
  origin = app.origin
  client = new Client(app.host, credentials.createInsecure())
  onTestFinished(() => client.close())
})

test.each([
  ['/Greeter/SayHello', 'Ada', 'Hello Ada'],
  ['/Greeter/SayHello', '', 'Hello '],
  ['/proto.Greeter/Hello', '鱼', '鱼'],
])('%s of "%s" responds "%s"', async (path, request, answer) => {
  const { promise, resolve } = Promise.withResolvers<unknown>()
  client.makeUnaryRequest(path, encode, decode, request, (error, response) => resolve(error ?? response))
  expect(await promise).toBe(answer)
})

test('GetStream sends the time eleven times', async () => {
  const before = Math.floor(Date.now() / 1_000)
  const lines: string[] = await collect(client.makeServerStreamRequest('/Greeter/GetStream', encode, decode, 'x'))
  const after = Math.floor(Date.now() / 1_000)
  expect(lines).toHaveLength(DATE_COUNT)
  const seconds = lines.map((line) => Number(/^date: (\d+)$/.exec(line)?.[1]))
  expect(seconds).toEqual(seconds.toSorted((a, b) => a - b))
  expect(seconds.every((second) => second >= before && second <= after)).toBe(true)
})

test('PutStream logs each message, and responds with the count', async () => {
  const { promise, resolve } = Promise.withResolvers<unknown>()
  const stream = client.makeClientStreamRequest('/Greeter/PutStream', encode, decode, (error, response) => {
    resolve(error ?? response)
  })
  for (const data of ['one', 'two', 'three']) stream.write(data)
  stream.end()
  expect(await promise).toBe('3')
  expect(received()).toEqual(['one', 'two', 'three'])
})

test('AllStream sends unprompted, logs what arrives, and ends with the client', async () => {
  const stream = client.makeBidiStreamRequest('/Greeter/AllStream', encode, decode)
  const lines = stream[Symbol.asyncIterator]()
  stream.write('one')
  for (let count = 0; count < 3; count++) expect(await lines.next()).toEqual({ done: false, value: LINE })
  stream.write('two')
  stream.end()
  let last = await lines.next()
  while (last.done !== true) {
    expect(last.value).toBe(LINE)
    last = await lines.next()
  }
  expect(received()).toEqual(['one', 'two'])
})

test('AllStream ends when the client disconnects', async () => {
  const call = probe.expectCall()
  const metadata = new Metadata()
  for (const [name, value] of Object.entries(call.headers)) metadata.set(name, value)
  const stream = client.makeBidiStreamRequest('/Greeter/AllStream', encode, decode, metadata)
  const lines = stream[Symbol.asyncIterator]()
  stream.write('one')
  expect((await lines.next()).value).toBe(LINE)
  stream.cancel()
  await expect(collect({ [Symbol.asyncIterator]: () => lines })).rejects.toMatchObject({ code: status.CANCELLED })
  expect(await call.aborted).toBeInstanceOf(Error)
})

test.each([
  ['/Greeter/SayHello', { name: 'Ada' }, { message: 'Hello Ada' }],
  ['/proto.Greeter/Hello', { msg: 'echo' }, { msg: 'echo' }],
])('%s responds with JSON too', async (path, request, answer) => {
  const headers = { 'content-type': 'application/json', connection: 'close' }
  const response = await fetch(origin + path, { method: 'POST', headers, body: JSON.stringify(request) })
  expect({ status: response.status, body: await response.json() }).toEqual({ status: 200, body: answer })
})

function received(): unknown[] {
  return log.withMessage('message received').map(({ data }) => data)
}

/** Every message of the older greeter is one string in field 1. Written out here, it does not follow our .proto files. */
function encode(text: string): Buffer {
  const bytes = Buffer.from(text)
  if (bytes.length > 0x7f) throw new Error('the length takes one byte only')
  return bytes.length === 0 ? bytes : Buffer.concat([Buffer.from([0x0a, bytes.length]), bytes])
}

function decode(message: Buffer): string {
  if (message.length === 0) return ''
  expect([...message.subarray(0, 2)]).toEqual([0x0a, message.length - 2])
  return message.toString('utf8', 2)
}
