/** Returns a fixed result, for targets that are addresses themselves. */
import type { Address, Endpoint } from '../contracts/endpoint.ts'
import type { Resolver, ResolverContext, ResolverResult } from '../contracts/resolver.ts'

/** Returns its result once, and never looks anything up. */
export class FixedResolver implements Resolver {
  readonly #context: ResolverContext
  readonly #result: ResolverResult
  #isClosed = false

  constructor(context: ResolverContext, result: ResolverResult) {
    this.#context = context
    this.#result = result
  }

  start(): void {
    queueMicrotask(() => {
      if (!this.#isClosed) this.#context.listener.onResult(this.#result)
    })
  }

  resolveNow(): void {}

  close(): void {
    this.#isClosed = true
  }
}

/** Returns an endpoint for each address, as nothing tells which belong to the same server. */
export function endpointsOf(addresses: readonly Address[]): Endpoint[] {
  return addresses.map((address) => ({ addresses: [address], attributes: {} }))
}
