/** The contract of every resolver. */
import { expect, it } from 'vitest'
import type { ResolverFactory } from '../../../client/node/contracts/resolver.ts'
import { parseTarget } from '../../../client/node/resolver/parse-target.ts'
import { ResolverBench } from './resolver-bench.ts'

/** One resolver, with a valid target and an invalid one. */
export interface ResolverCase {
  readonly factory: ResolverFactory
  readonly target: string
  /** The addresses that it resolves to, one endpoint each. */
  readonly finds: readonly string[]
  readonly authority: string
  readonly badTarget: string
}

/** Registers the tests of one resolver. */
export function testResolver({ factory, target, finds, authority, badTarget }: ResolverCase): void {
  it('reports its endpoints, but not synchronously from start', async () => {
    const bench = new ResolverBench(target, factory)
    bench.resolver.start()
    expect(bench.results).toEqual([])
    await bench.settle()
    expect(bench.told).toEqual(finds)
    bench.resolver.close()
  })

  it('reports nothing after close, and leaves no timer', async () => {
    const bench = new ResolverBench(target, factory)
    bench.resolver.start()
    bench.resolver.resolveNow()
    bench.resolver.close()
    bench.resolver.resolveNow()
    await bench.settle()
    expect(bench.results).toEqual([])
    expect(bench.clock.pending).toBe(0)
  })

  it('tolerates repeated re-resolution requests', async () => {
    const bench = new ResolverBench(target, factory)
    bench.resolver.start()
    for (let times = 0; times < 100; times++) bench.resolver.resolveNow()
    await bench.settle()
    expect(bench.told).toEqual(finds)
    expect(bench.results.length).toBeLessThanOrEqual(2)
    bench.resolver.close()
  })

  it('provides the authority', () => {
    expect(factory.defaultAuthority(parseTarget(target, [factory]).target)).toBe(authority)
  })

  it('rejects an invalid target, when its channel is created and when it resolves', () => {
    expect(() => factory.defaultAuthority(parseTarget(badTarget, [factory]).target)).toThrow(RangeError)
    expect(() => new ResolverBench(badTarget, factory)).toThrow(RangeError)
  })
}
