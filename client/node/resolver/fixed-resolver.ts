/** Tells once what is known from the start: for targets that are addresses themselves. */
import type { Address, Endpoint } from '../contracts/endpoint.ts'
import type { Resolver, ResolverContext, ResolverResult } from '../contracts/resolver.ts'

/** Never looks again, as there is nothing to look up. */
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

/** An endpoint for each address, as nothing says which of them lead to the same server. */
export function endpointsOf(addresses: readonly Address[]): Endpoint[] {
  return addresses.map((address) => ({ addresses: [address], attributes: {} }))
}
