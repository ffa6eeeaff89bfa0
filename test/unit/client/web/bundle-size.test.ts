/** What pages download: at most 2 KiB more, compressed, than upstream's client and transport from the same bundler. */
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { bundleModule } from '../../../support/browser-bundle.ts'

const BUDGET_BYTES = 2_048

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
