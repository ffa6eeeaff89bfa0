/** Calls of one connection whose heads differ only in trace ids, deadlines and metadata: each is answered by its own head. */
import { once } from 'node:events'
import { type ClientHttp2Session, connect as connectHttp2, type OutgoingHttpHeaders } from 'node:http2'
import { create, toBinary } from '@bufbuild/protobuf'
import { Code } from '@connectrpc/connect'
import { expect, onTestFinished, test } from 'vitest'
import { GreeterService, SayHelloRequestSchema } from '../../gen/greeter/v1/greeter_pb.js'
import { envelope } from '../support/calls.ts'
import { readHttp2 } from '../support/exchange.ts'
import { startNativeServer } from '../support/native-server.ts'

const ADA = toBinary(SayHelloRequestSchema, create(SayHelloRequestSchema, { name: 'Ada' }))
const PROTOCOLS = [
  { type: 'application/grpc', timeout: (ms: number) => ['grpc-timeout', `${ms}m`], body: envelope(ADA) },
  { type: 'application/grpc-web+proto', timeout: (ms: number) => ['grpc-timeout', `${ms}m`], body: envelope(ADA) },
  { type: 'application/proto', timeout: (ms: number) => ['connect-timeout-ms', `${ms}`], body: ADA },
] as const
const CALLS = 30

/** What a handler sees of each call. */
async function start() {
  const seen: { id: string | null; timeoutMs: number | undefined }[] = []
  const server = await startNativeServer((router) =>
    router.service(GreeterService, {
      sayHello({ name }, { requestHeader, timeoutMs }) {
        seen.push({ id: requestHeader.get('x-request-id'), timeoutMs: timeoutMs() })
        return { message: name }
      },
    }),
  )
  onTestFinished(() => server.close())
  const client = connectHttp2(server.origin)
  onTestFinished(() => client.destroy())
  await once(client, 'connect')
  return { seen, client, ends: server.ends }
}

async function call(client: ClientHttp2Session, fields: OutgoingHttpHeaders, body: Uint8Array): Promise<void> {
  const stream = client.request({
    ':method': 'POST',
    ':path': '/greeter.v1.GreeterService/SayHello',
    te: 'trailers',
    ...fields,
  })
  stream.end(body)
  await readHttp2(stream)
}

test.each(PROTOCOLS)('$type: each call has its own metadata and deadline', async ({ type, timeout, body }) => {
  const { seen, client } = await start()
  for (let n = 1; n <= CALLS; n++) {
    const [name = '', value] = n % 3 === 0 ? [] : timeout(n * 60_000)
    const deadline = name === '' ? {} : { [name]: value }
    await call(client, { 'content-type': type, traceparent: `00-${n}`, 'x-request-id': `id-${n}`, ...deadline }, body)
  }
  expect(seen.map(({ id }) => id)).toEqual(Array.from({ length: CALLS }, (_, i) => `id-${i + 1}`))
  for (const [i, { timeoutMs }] of seen.entries()) {
    const givenMs = (i + 1) % 3 === 0 ? undefined : (i + 1) * 60_000
    if (givenMs === undefined) expect(timeoutMs).toBeUndefined()
    else expect(timeoutMs).toSatisfy((ms: number) => ms <= givenMs && ms > givenMs - 30_000)
  }
})

test.each(PROTOCOLS)('$type: a fault in one head is found after many without', async ({ type, timeout, body }) => {
  const { seen, client, ends } = await start()
  const name = timeout(1)[0] ?? ''
  const faults: readonly OutgoingHttpHeaders[] = [
    { [name]: 'soon' },
    { 'a-bin': '***' },
    { 'content-type': `${type}x` },
  ]
  const codes: (Code | undefined)[] = []
  for (const fault of faults) {
    for (let n = 0; n < 5; n++) await call(client, { 'content-type': type, 'x-request-id': `${n}` }, body)
    const served = seen.length
    await call(client, { 'content-type': type, 'x-request-id': 'bad', ...fault }, body)
    expect(seen.length).toBe(served)
    codes.push(ends.at(-1)?.code)
  }
  expect(codes.slice(0, 2)).toEqual([Code.InvalidArgument, Code.InvalidArgument])
  expect(codes[2]).not.toBeUndefined()
})
