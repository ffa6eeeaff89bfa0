/** The console as its readers get it: the page, the facts and the descriptors. */
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { createFileRegistry, fromBinary } from '@bufbuild/protobuf'
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { describe, expect, test } from 'vitest'
import { startConsole } from '../support/console/open-console.ts'
import { exchanges } from '../support/exchange.ts'

const PAGE_TIMEOUT_MS = 60_000

describe.each(exchanges)('over %s', (_version, exchange) => {
  const read = async (origin: string, path: string, headers = {}, method = 'GET') => {
    const { status, headers: sent, body } = await exchange(origin, { path, method, headers })
    return { status, headers: sent, body: Buffer.from(body), text: body.toString() }
  }

  test(
    'the page is at /console/, and its files are sent compressed and stay in caches',
    async () => {
      const { origin } = await startConsole()
      expect(await read(origin, '/console?a=1')).toMatchObject({ status: 307, headers: { location: 'console/?a=1' } })
      const index = await read(origin, '/console/')
      expect(index).toMatchObject({
        status: 200,
        headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-cache' },
      })
      const [script = ''] = /assets\/[^"]+\.js/.exec(index.text) ?? []
      const plain = await read(origin, `/console/${script}`)
      expect(plain).toMatchObject({
        status: 200,
        headers: {
          'content-type': 'text/javascript; charset=utf-8',
          'cache-control': 'public, max-age=31536000, immutable',
          'x-content-type-options': 'nosniff',
          vary: 'accept-encoding',
        },
      })
      const gzip = await read(origin, `/console/${script}`, { 'accept-encoding': 'gzip, br;q=0' })
      const brotli = await read(origin, `/console/${script}`, { 'accept-encoding': 'gzip, deflate, br' })
      expect(gzip.headers['content-encoding']).toBe('gzip')
      expect(brotli.headers['content-encoding']).toBe('br')
      expect(gunzipSync(gzip.body).equals(plain.body)).toBe(true)
      expect(brotliDecompressSync(brotli.body).equals(plain.body)).toBe(true)
      expect(new Set([plain, gzip, brotli].map(({ headers }) => headers.etag)).size).toBe(3)
    },
    PAGE_TIMEOUT_MS,
  )

  test('the facts say what the server answers, and the descriptors are complete and have comments', async () => {
    const { origin } = await startConsole()
    const facts = JSON.parse((await read(origin, '/console/facts.json')).text)
    expect(facts).toMatchObject({
      title: 'Greeter',
      prefix: '',
      protocols: ['connect', 'grpc-web', 'websocket', 'rest', 'grpc'],
      needsCredentials: false,
      descriptorsPath: '/console/descriptors.binpb',
      metricsPath: null,
      docsPath: null,
      isDemo: true,
    })
    const { body, headers } = await read(origin, facts.descriptorsPath)
    const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, body))
    const names = [...registry].filter(({ kind }) => kind === 'service').map(({ typeName }) => typeName)
    expect(names).toEqual(expect.arrayContaining(['greeter.v1.GreeterService', 'grpc.health.v1.Health']))
    const again = await read(origin, facts.descriptorsPath, { 'if-none-match': headers.etag })
    expect(again).toMatchObject({ status: 304, text: '' })
  })
})
