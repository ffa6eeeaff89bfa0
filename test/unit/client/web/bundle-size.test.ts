/** What pages download: at most 2 KiB more, compressed, than upstream's client and transport from the same bundler; 6 KiB for WebSockets. */
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { bundleModule } from '../../../support/browser-bundle.ts'

const BUDGET_BYTES = 2_048
const WEBSOCKET_BUDGET_BYTES = 6_144

/** Bundles a module, and returns its compressed size and text. */
async function bundle(contents: string): Promise<{ gzipBytes: number; text: string }> {
  const text = await bundleModule(contents)
  return { gzipBytes: gzipSync(text).byteLength, text }
}

const upstream = (transport: string) =>
  `export { createClient } from '@connectrpc/connect'; export { ${transport} } from '@connectrpc/connect-web'`

describe.each([
  ['portico/web/connect', './client/web/connect/public.ts', 'createConnectTransport'],
  ['portico/web/grpc-web', './client/web/grpc-web/public.ts', 'createGrpcWebTransport'],
])('%s', (_name, entrance, transport) => {
  it('adds no more than its budget to upstream', async () => {
    const [ours, theirs] = await Promise.all([
      bundle(`export { createClient, ${transport} } from '${entrance}'`),
      bundle(upstream(transport)),
    ])
    expect(ours.gzipBytes - theirs.gzipBytes).toBeLessThanOrEqual(BUDGET_BYTES)
  })

  it('leaves out what is not imported', async () => {
    const { text } = await bundle(`export { createClient, ${transport} } from '${entrance}'`)
    for (const [other, mark] of [
      ['watchStream', 'resumeAfter'],
      ['circuitBreaker', 'circuit breaker'],
    ]) {
      expect((await bundle(`export { ${other} } from '${entrance}'`)).text).toContain(mark)
      expect(text).not.toContain(mark)
    }
  })

  it('is as small through portico/web', async () => {
    const [own, common] = await Promise.all(
      [entrance, './client/web/public.ts'].map((from) =>
        bundle(`export { createClient, ${transport} } from '${from}'`),
      ),
    )
    expect(common?.gzipBytes).toBe(own?.gzipBytes)
  })
})

it('each entry point contains one protocol', async () => {
  const [connect, grpcWeb] = await Promise.all(
    ['connect', 'grpc-web'].map((name) => bundle(`export * from './client/web/${name}/public.ts'`)),
  )
  expect(connect?.text).not.toContain('application/grpc-web')
  expect(grpcWeb?.text).not.toContain('missing EndStreamResponse')
})

describe('portico/web/websocket', () => {
  const entrance = './client/web/websocket/public.ts'

  it('adds no more than its budget to a page that speaks Connect', async () => {
    const connect = `import { createConnectTransport } from './client/web/connect/public.ts'`
    const [both, one] = await Promise.all([
      bundle(`${connect}; import { createClient, withStreaming } from '${entrance}';
        export const client = (service) => createClient(service, withStreaming(createConnectTransport()))`),
      bundle(`${connect}; import { createClient } from './client/web/connect/public.ts';
        export const client = (service) => createClient(service, createConnectTransport())`),
    ])
    expect(both.gzipBytes - one.gzipBytes).toBeLessThanOrEqual(WEBSOCKET_BUDGET_BYTES)
  })

  it('contains no other transport', async () => {
    const { text } = await bundle(`export * from '${entrance}'`)
    expect(text).toContain('grpc-websockets')
    expect(text).not.toContain('missing EndStreamResponse')
    expect(text).not.toContain('The fetch API does not support')
  })
})
