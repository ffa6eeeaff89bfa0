import { randomUUID } from 'node:crypto'
import { Code } from '@connectrpc/connect'
import { beforeEach, describe, expect, test } from 'vitest'
import { type BufCurlResult, bufCurl } from '../support/buf-curl.ts'
import { testCertificates } from '../support/certificates.ts'
import { startDemo, testLane } from '../support/demo-server.ts'
import { oneOfEach } from '../support/depth.ts'
import { temporaryFile } from '../support/temporary-file.ts'

const REFLECTION: readonly string[] = []
const FILES = ['--schema', 'proto']
const EXIT_CODES_PER_CODE = 8

/** Reflection is a bidi stream, so it needs HTTP/2, and so does the gRPC protocol. */
const ROWS = [
  { protocol: 'grpc', http: 'h2c', schema: REFLECTION },
  { protocol: 'grpc', http: 'h2c', schema: FILES },
  { protocol: 'grpc', http: 'TLS', schema: REFLECTION },
  { protocol: 'grpc', http: 'TLS', schema: FILES },
  { protocol: 'grpcweb', http: 'HTTP/1.1', schema: FILES },
  { protocol: 'grpcweb', http: 'h2c', schema: REFLECTION },
  { protocol: 'grpcweb', http: 'h2c', schema: FILES },
  { protocol: 'grpcweb', http: 'TLS', schema: REFLECTION },
  { protocol: 'grpcweb', http: 'TLS', schema: FILES },
  { protocol: 'connect', http: 'HTTP/1.1', schema: FILES },
  { protocol: 'connect', http: 'h2c', schema: REFLECTION },
  { protocol: 'connect', http: 'h2c', schema: FILES },
  { protocol: 'connect', http: 'TLS', schema: REFLECTION },
  { protocol: 'connect', http: 'TLS', schema: FILES },
].map((row) => ({ ...row, source: row.schema === FILES ? 'files' : 'reflection' }))

/** The lanes take different ways. */
const TURN = testLane === 'native' ? 0 : 1

const NARROW_ROWS = oneOfEach(ROWS, ({ protocol, source }) => `${protocol} ${source}`, TURN)

describe.each(NARROW_ROWS)('buf curl, $protocol over $http, schema from $source', ({ protocol, http, schema }) => {
  let topic: string
  let call: (method: string, ...requests: object[]) => Promise<BufCurlResult>

  beforeEach(async () => {
    topic = `buf/${randomUUID()}`
    const { server } = await testCertificates()
    const { port } = await startDemo(http === 'TLS' ? { listen: { tls: server } } : { compatIntervalMs: 1 })
    const origin = http === 'TLS' ? `https://localhost:${port}` : `http://127.0.0.1:${port}`
    const args = ['--protocol', protocol, ...schema, ...(await connectionArgs(http))]
    call = (method, ...requests) => bufCurl([...args, `${origin}/${method}`], requests)
  })

  test('unary, server stream and client stream', async () => {
    expect(await call('greeter.v1.GreeterService/SayHello', { name: 'Ada' })).toEqual({
      exitCode: 0,
      messages: [{ message: 'Hello Ada' }],
      stderr: '',
    })
    const put = await call('greeter.v1.GreeterService/PutStream', { topic, data: 'one' }, { topic, data: 'two' })
    expect(put.messages).toMatchObject([{ accepted: '2', lastSequence: { [topic]: '2' } }])
    const got = await call('greeter.v1.GreeterService/GetStream', { topic, afterSequence: 0, limit: 2 })
    expect(got.messages).toMatchObject([
      { topic, sequence: '1', data: 'one' },
      { topic, sequence: '2', data: 'two' },
    ])
    expect((await call('Greeter/SayHello', { name: 'Ada' })).messages).toEqual([{ message: 'Hello Ada' }])
  })

  if (http !== 'HTTP/1.1')
    test('bidi stream', async () => {
      const { exitCode, messages } = await call(
        'greeter.v1.GreeterService/AllStream',
        { topic, data: 'one' },
        { topic, data: 'two' },
      )
      expect(messages).toMatchObject([{ data: 'one' }, { data: 'two' }])
      expect(exitCode).toBe(0)
    })

  test('errors', async () => {
    const bad = { topic: 'not a topic' }
    for (const method of ['Publish', 'GetStream', 'PutStream']) {
      const { exitCode, messages, stderr } = await call(`greeter.v1.GreeterService/${method}`, bad)
      expect({ exitCode, messages }).toEqual({ exitCode: Code.InvalidArgument * EXIT_CODES_PER_CODE, messages: [] })
      expect(JSON.parse(stderr)).toEqual({
        code: 'invalid_argument',
        message: expect.stringMatching(/^topic: must be 1 to 128 characters of /),
      })
    }
  })

  if (schema === FILES)
    test('an unknown path is UNIMPLEMENTED', async () => {
      for (const method of ['SayHello', 'GetStream']) {
        const { exitCode, stderr } = await call(`nobody/greeter.v1.GreeterService/${method}`, {})
        expect(JSON.parse(stderr)).toMatchObject({ code: 'unimplemented' })
        expect(exitCode).toBe(Code.Unimplemented * EXIT_CODES_PER_CODE)
      }
    })
})

async function connectionArgs(http: string): Promise<string[]> {
  if (http === 'HTTP/1.1') return []
  if (http === 'h2c') return ['--http2-prior-knowledge']
  return ['--cacert', await temporaryFile('ca.pem', (await testCertificates()).ca)]
}
