import { ConnectError } from '@connectrpc/connect'
import { describe, expect, it } from 'vitest'
import type { DnsLookup } from '../../../../../client/node/resolver/dns-lookup.ts'
import { createDnsLookup } from '../../../../../client/node/resolver/dns-lookup.ts'
import { type DnsResolverOptions, dnsResolver } from '../../../../../client/node/resolver/dns-resolver.ts'
import { ResolverBench, USELESS } from '../../../../support/contracts/resolver-bench.ts'

/** DNS under control of the test. */
class FakeDns implements DnsLookup {
  asked: string[] = []
  answer: () => Promise<readonly string[]> = async () => ['10.0.0.1']
  records: () => Promise<readonly string[][]> = async () => []

  addresses(host: string): Promise<readonly string[]> {
    this.asked.push(host)
    return this.answer()
  }

  texts(): Promise<readonly string[][]> {
    return this.records()
  }

  async services(): Promise<[]> {
    return []
  }

  cancel(): void {
    this.asked.push('cancelled')
  }
}

function boom(): never {
  throw new Error('boom')
}

function start(target = 'dns:///greeter.example:80', dns = new FakeDns(), options: DnsResolverOptions = {}) {
  const bench = new ResolverBench(target, dnsResolver({ createLookup: () => dns, ...options }))
  bench.resolver.start()
  return { bench, dns }
}

describe('dns', () => {
  it('NR-2 re-resolves only on request, and at most every 30 s', async () => {
    const { bench, dns } = start()
    await bench.advance(29_000)
    expect(dns.asked).toHaveLength(1)
    bench.resolver.resolveNow()
    bench.resolver.resolveNow()
    await bench.advance(999)
    expect(dns.asked).toHaveLength(1)
    await bench.advance(1)
    expect(dns.asked).toHaveLength(2)
    await bench.advance(600_000)
    expect(dns.asked).toHaveLength(2)
    bench.resolver.resolveNow()
    await bench.advance(0)
    expect(dns.asked).toHaveLength(3)
    bench.resolver.close()
  })

  it('NR-4 refreshMs looks up without a request, so that new addresses are seen', async () => {
    const { bench, dns } = start('dns:///greeter.example:80', new FakeDns(), { refreshMs: 60_000 })
    await bench.settle()
    dns.answer = async () => ['10.0.0.1', '10.0.0.2']
    await bench.advance(59_999)
    expect(bench.told).toEqual(['10.0.0.1:80'])
    await bench.advance(1)
    expect(bench.told).toEqual(['10.0.0.1:80', '10.0.0.2:80'])
    dns.answer = async () => Promise.reject(new Error('EAI_AGAIN'))
    await bench.advance(60_000)
    expect(bench.told).toContain('EAI_AGAIN')
    dns.answer = async () => ['10.0.0.3']
    await bench.advance(1_000)
    expect(bench.told).toEqual(['10.0.0.3:80'])
    expect(dns.asked).toHaveLength(4)
    bench.resolver.close()
    expect(bench.clock.pending).toBe(0)
  })

  it.each([
    ['a refresh that is due first also serves a request', { refreshMs: 5_000 }, 4_000, 5_000],
    ['a request is served after the minimum interval, before a later refresh', { refreshMs: 60_000 }, 4_000, 30_000],
    ['a request does not delay the refresh', { refreshMs: 10_000, minIntervalMs: 20_000 }, 9_999, 10_000],
  ])('%s', async (_what, options, requestedAtMs, lookedUpAtMs) => {
    const { bench, dns } = start('dns:///greeter.example:80', new FakeDns(), options)
    await bench.settle()
    await bench.advance(requestedAtMs)
    bench.resolver.resolveNow()
    await bench.advance(lookedUpAtMs - requestedAtMs - 1)
    expect(dns.asked).toHaveLength(1)
    await bench.advance(1)
    expect(dns.asked).toHaveLength(2)
    bench.resolver.close()
  })

  it.each<[string, Partial<FakeDns>, string | string[]]>([
    ['questions that throw', { addresses: () => boom() }, 'name resolution failed: boom'],
    ['questions that reject with text', { answer: () => Promise.reject('text') }, 'name resolution failed: text'],
    ['TXT questions that throw', { texts: () => boom() }, ['10.0.0.1:80']],
    ['TXT answers that are none', { records: async () => 7 as never }, ['10.0.0.1:80']],
    [
      'TXT questions that throw before addresses are there',
      { texts: () => boom(), answer: () => new Promise((_, reject) => setImmediate(reject, new Error('late'))) },
      'name resolution failed: late',
    ],
  ])('treats %s as failed lookups', async (_what, parts, told) => {
    const { bench } = start('dns:///greeter.example:80', Object.assign(new FakeDns(), parts))
    await bench.settle()
    expect(bench.told).toEqual(told)
    bench.resolver.close()
  })

  it.each([
    ['the channel', {}, false],
    ['its own options', { usesServiceConfig: false }, true],
  ])('looks up no TXT records if %s disable the service config', async (_who, options, isWanted) => {
    const dns = Object.assign(new FakeDns(), { records: () => dns.asked.push('TXT') && new Promise<never>(() => {}) })
    const factory = dnsResolver({ createLookup: () => dns, ...options })
    const bench = new ResolverBench('dns:///greeter.example:80', factory, isWanted)
    bench.resolver.start()
    await bench.settle()
    expect(bench.told).toEqual(['10.0.0.1:80'])
    expect(dns.asked).toEqual(['greeter.example'])
    bench.resolver.close()
  })

  it('ends even if its queries cannot be cancelled', async () => {
    const dns = Object.assign(new FakeDns(), { cancel: boom, answer: () => new Promise<never>(() => {}) })
    const { bench } = start('dns:///greeter.example:80', dns)
    await bench.advance(30_000)
    expect(bench.told).toBe('name resolution failed: no answer within 30000 ms')
    await bench.advance(1_000)
    bench.resolver.close()
    expect(bench.clock.pending).toBe(0)
  })

  it('cancels pending queries on close, and no completed ones', async () => {
    const { bench, dns } = start()
    await bench.settle()
    dns.answer = () => new Promise(() => {})
    bench.resolver.resolveNow()
    await bench.advance(30_000)
    expect(dns.asked).toEqual(['greeter.example', 'greeter.example'])
    bench.resolver.close()
    expect(dns.asked).toEqual(['greeter.example', 'greeter.example', 'cancelled'])
  })

  it('NR-2 remembers a request that arrives during a lookup', async () => {
    const { bench, dns } = start()
    bench.resolver.resolveNow()
    await bench.settle()
    expect(dns.asked).toHaveLength(1)
    await bench.advance(30_000)
    expect(dns.asked).toHaveLength(2)
    bench.resolver.close()
  })

  it('NR-3 backs off after failures, and resets after a success', async () => {
    const { bench, dns } = start()
    await bench.settle()
    dns.answer = async () => Promise.reject(new Error('EAI_AGAIN'))
    bench.resolver.resolveNow()
    await bench.advance(30_000)
    expect(bench.told).toContain('EAI_AGAIN')
    for (const waitMs of [1_000, 1_600, 2_560, 4_096]) {
      const before = dns.asked.length
      bench.resolver.resolveNow()
      await bench.advance(waitMs - 1)
      expect(dns.asked).toHaveLength(before)
      await bench.advance(1)
      expect(dns.asked).toHaveLength(before + 1)
    }
    dns.answer = async () => ['10.0.0.2']
    await bench.advance(6_554)
    expect(bench.told).toEqual(['10.0.0.2:80'])
    expect(bench.clock.pending).toBe(0)
  })

  it('NR-3 the longest backoff is 120 s, with 20% jitter', async () => {
    const { bench, dns } = start()
    dns.answer = async () => Promise.reject(new Error('EAI_AGAIN'))
    for (let round = 0; round < 20; round++) await bench.advance(144_000)
    bench.random = 0
    await bench.advance(144_000)
    const before = dns.asked.length
    await bench.advance(96_000)
    expect(dns.asked).toHaveLength(before + 1)
    bench.resolver.close()
  })

  it('treats a result that the channel rejects as a failure', async () => {
    const dns = new FakeDns()
    dns.answer = async () => []
    const { bench } = start('dns:///greeter.example', dns)
    bench.rejection = USELESS
    await bench.settle()
    expect(bench.told).toEqual([])
    await bench.advance(1_000)
    expect(dns.asked).toHaveLength(2)
    bench.resolver.close()
  })

  it('times out a lookup after 30 s', async () => {
    const dns = new FakeDns()
    dns.answer = () => new Promise(() => {})
    const { bench } = start('dns:///greeter.example', dns)
    await bench.advance(29_999)
    expect(bench.told).toBeUndefined()
    await bench.advance(1)
    expect(bench.told).toBe('name resolution failed: no answer within 30000 ms')
    bench.resolver.close()
    expect(bench.clock.pending).toBe(0)
  })

  it.each(['dns:10.0.0.1:80', 'dns:[::1]:80'])('NR-7 %s is never resolved by DNS', async (target) => {
    const { bench, dns } = start(target)
    await bench.settle()
    bench.resolver.resolveNow()
    await bench.advance(600_000)
    expect(dns.asked).toEqual([])
    expect(bench.results).toHaveLength(1)
  })

  it('NR-9 keeps the order of A and AAAA records, one endpoint each', async () => {
    const dns = new FakeDns()
    dns.answer = async () => ['::2', '10.0.0.1', '::1']
    const { bench } = start('dns:///greeter.example:80', dns)
    await bench.settle()
    expect(bench.told).toEqual(['[::2]:80', '10.0.0.1:80', '[::1]:80'])
    bench.resolver.close()
  })

  it('NR-5 reads its service config from TXT records', async () => {
    const dns = new FakeDns()
    dns.records = async () => [['grpc_config=[{"percentage":51,"serviceConfig":{"a":1}}]']]
    const { bench } = start('dns:///greeter.example', dns)
    await bench.settle()
    expect(bench.results[0]?.serviceConfig).toEqual({ json: { a: 1 } })
    bench.resolver.close()
  })

  it('reports an invalid service config together with the endpoints', async () => {
    const dns = new FakeDns()
    dns.records = async () => [['grpc_config={']]
    const { bench } = start('dns:///greeter.example', dns)
    await bench.settle()
    expect(bench.results[0]?.serviceConfig).toBeInstanceOf(ConnectError)
    expect(bench.told).toEqual(['10.0.0.1:443'])
    bench.resolver.close()
  })

  it('continues without TXT records that cannot be looked up', async () => {
    const dns = new FakeDns()
    dns.records = async () => Promise.reject(new Error('ETIMEOUT'))
    const { bench } = start('dns:///greeter.example', dns)
    await bench.settle()
    expect(bench.results[0]).not.toHaveProperty('serviceConfig')
    bench.resolver.close()
  })

  it('waits 5 s for TXT records once there are addresses, then continues without', async () => {
    const dns = new FakeDns()
    dns.records = () => new Promise(() => {})
    const { bench } = start('dns:///greeter.example:80', dns)
    await bench.settle()
    await bench.advance(4_999)
    expect(bench.told).toBeUndefined()
    await bench.advance(1)
    expect(bench.told).toEqual(['10.0.0.1:80'])
    expect(bench.results[0]).not.toHaveProperty('serviceConfig')
    expect(bench.clock.pending).toBe(0)
    bench.resolver.close()
  })

  it('resolves localhost on this machine', async () => {
    const found = await createDnsLookup().addresses('localhost')
    expect(['127.0.0.1', '::1']).toEqual(expect.arrayContaining([...found]))
    expect(found).not.toEqual([])
  })
})
