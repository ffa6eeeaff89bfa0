/** A resolver that returns what the test provides, when the test provides it: targets are `told:///name`. */

import type { Resolver, ResolverContext, ResolverFactory, Target } from '../../client/node/contracts/resolver.ts'
import { authorityOf } from '../../client/node/resolver/authority-of.ts'
import { endpointsOf } from '../../client/node/resolver/fixed-resolver.ts'

/** What the resolver reports. */
export interface Told {
  /** Local ports, one endpoint each. */
  readonly ports: readonly number[]
  /** Default: none. */
  readonly serviceConfig?: unknown
}

/** For one channel at a time, which may go idle and wake. */
export class ToldResolver implements ResolverFactory {
  readonly scheme = 'told'
  #told: Told
  #context: ResolverContext | null = null

  constructor(told: Told) {
    this.#told = told
  }

  /** The channel receives it at once, unless idle. */
  tell(told: Told): void {
    this.#told = told
    this.#publish()
  }

  defaultAuthority({ endpoint }: Target): string {
    return authorityOf(endpoint)
  }

  create(_target: Target, context: ResolverContext): Resolver {
    return {
      start: () => {
        this.#context = context
        queueMicrotask(() => this.#publish())
      },
      resolveNow() {},
      close: () => {
        this.#context = null
      },
    }
  }

  #publish(): void {
    const { ports, serviceConfig } = this.#told
    this.#context?.listener.onResult({
      endpoints: endpointsOf(ports.map((port) => ({ host: '127.0.0.1', port }))),
      ...(serviceConfig !== undefined && { serviceConfig: { json: serviceConfig } }),
    })
  }
}
