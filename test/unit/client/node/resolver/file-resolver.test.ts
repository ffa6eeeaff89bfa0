import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type FileResolverOptions, fileResolver } from '../../../../../client/node/resolver/file-resolver.ts'
import { parseEndpointList } from '../../../../../client/node/resolver/parse-endpoint-list.ts'
import { ResolverBench } from '../../../../support/contracts/resolver-bench.ts'

function boom(): never {
  throw new Error('boom')
}

describe('a list of endpoints', () => {
  it('has addresses, attributes and a service config', () => {
    const json = {
      endpoints: [
        'a:1',
        { address: 'unix:/b', weight: 2, zone: 'west', version: '1.2' },
        { addresses: ['c:1', '[::1]:2'] },
      ],
      serviceConfig: { x: 1 },
    }
    expect(parseEndpointList(JSON.stringify(json))).toEqual({
      endpoints: [
        { addresses: [{ host: 'a', port: 1 }], attributes: {} },
        { addresses: [{ path: '/b' }], attributes: { weight: 2, zone: 'west', version: '1.2' } },
        {
          addresses: [
            { host: 'c', port: 1 },
            { host: '::1', port: 2 },
          ],
          attributes: {},
        },
      ],
      serviceConfig: { json: { x: 1 } },
    })
  })

  it.each([
    ['{', 'JSON'],
    ['{}', 'endpoints is missing'],
    ['{"endpoints": 1}', 'endpoints is 1'],
    ['[3]', 'endpoints[0] is 3'],
    ['["a:x"]', 'endpoints[0].address is "a:x"'],
    ['[{}]', 'endpoints[0].address is undefined'],
    ['["unix:"]', 'endpoints[0].address is "unix:"'],
    ['[{"addresses": []}]', 'endpoints[0].addresses is []'],
    ['[{"address": "a", "weight": 0}]', 'endpoints[0].weight is 0'],
  ])('rejects %s', (text, message) => {
    expect(() => parseEndpointList(text)).toThrow(message)
  })
})

describe('file', () => {
  let folder = ''
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'endpoints-'))
  })
  afterEach(() => rm(folder, { recursive: true }))

  it('reloads a replaced file, and keeps the old list while the new one is invalid', async () => {
    const path = join(folder, 'list.json')
    await writeFile(path, '["a:1"]')
    const bench = new ResolverBench(`file://${path}`, fileResolver())
    bench.resolver.start()
    await vi.waitFor(() => expect(bench.told).toEqual(['a:1']))
    await writeFile(path, '["a:')
    await vi.waitFor(() => expect(bench.told).toContain('list.json is not usable'))
    await writeFile(join(folder, 'next'), '["b:1"]')
    await rename(join(folder, 'next'), path)
    await vi.waitFor(() => expect(bench.told).toEqual(['b:1']))
    bench.resolver.close()
  })

  it('reports a missing directory, and looks again on request', async () => {
    const bench = new ResolverBench(`file://${folder}/none/list.json`, fileResolver())
    bench.resolver.start()
    await vi.waitFor(() => expect(bench.told).toContain('ENOENT'))
    bench.resolver.resolveNow()
    await vi.waitFor(() => expect(bench.results).toHaveLength(2))
    bench.resolver.close()
  })

  it('finds a file whose directory is created later, or again, and watches it there', async () => {
    const inner = join(folder, 'inner')
    const path = join(inner, 'list.json')
    const bench = new ResolverBench(`file://${path}`, fileResolver())
    bench.resolver.start()
    for (const address of ['a:1', 'b:1']) {
      await vi.waitFor(() => expect(bench.told).toContain('ENOENT'))
      await mkdir(inner)
      await writeFile(path, JSON.stringify([address]))
      bench.clock.advance(144_000)
      await vi.waitFor(() => expect(bench.told).toEqual([address]))
      expect(bench.clock.pending).toBe(0)
      await writeFile(path, JSON.stringify(['c:1']))
      await vi.waitFor(() => expect(bench.told).toEqual(['c:1']))
      await rm(inner, { recursive: true })
    }
    bench.resolver.close()
    expect(bench.clock.pending).toBe(0)
  })

  it('reads once more after a change during a read', async () => {
    const texts = ['["a:1"]', '["b:1"]']
    let onChange = () => {}
    const factory = fileResolver({
      read: async () => texts.shift() ?? '[]',
      watch: (_path, listener) => {
        onChange = listener
        return () => {}
      },
    })
    const bench = new ResolverBench('file:///x', factory)
    bench.resolver.start()
    onChange()
    onChange()
    await bench.settle()
    expect(bench.results).toHaveLength(2)
    expect(bench.told).toEqual(['b:1'])
    bench.resolver.close()
  })

  it('reports an unchanged list once, however often requested, and again after an error', async () => {
    let text = '["a:1"]'
    const bench = new ResolverBench('file:///x', fileResolver({ read: async () => text, watch: () => () => {} }))
    bench.resolver.start()
    for (text of ['["a:1"]', '["a:1"]', '{', '["a:1"]']) {
      await bench.settle()
      bench.resolver.resolveNow()
    }
    await bench.settle()
    expect(bench.results).toHaveLength(3)
    expect(bench.told).toEqual(['a:1'])
    bench.resolver.close()
  })

  it.each<[string, FileResolverOptions]>([
    ['throws', { read: () => boom() }],
    ['rejects with text', { read: () => Promise.reject('boom') }],
  ])("reports that the application's read %s, and reads again", async (_what, options) => {
    const bench = new ResolverBench('file:///list.json', fileResolver({ watch: () => boom, ...options }))
    bench.resolver.start()
    await bench.settle()
    expect(bench.told).toBe('/list.json is not usable: boom')
    await bench.advance(1_000)
    expect(bench.results).toHaveLength(2)
  })

  it('is not blocked by a read that never ends', async () => {
    const reads: (() => void)[] = []
    const changes: (() => void)[] = []
    const bench = new ResolverBench(
      'file:///list.json',
      fileResolver({
        read: () => new Promise((resolve) => reads.push(() => resolve(`["a:${reads.length}"]`))),
        watch(_path, onChange) {
          changes.push(onChange)
          return () => {}
        },
      }),
    )
    bench.resolver.start()
    await bench.advance(29_999)
    changes[0]?.()
    expect(reads).toHaveLength(1)
    await bench.advance(1)
    changes[0]?.()
    expect(reads).toHaveLength(2)
    reads[1]?.()
    await bench.settle()
    expect(bench.told).toEqual(['a:2'])
    reads[0]?.()
    await bench.settle()
    expect(bench.results).toHaveLength(1)
    bench.resolver.close()
  })
})
