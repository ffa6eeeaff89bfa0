/** What a resolver reports to a channel, with real time. */
import { ConnectError } from '@connectrpc/connect'
import { onTestFinished } from 'vitest'
import { type Attributes, addressText, type Endpoint } from '../../../client/node/contracts/endpoint.ts'
import type { ResolverFactory } from '../../../client/node/contracts/resolver.ts'
import { parseTarget } from '../../../client/node/resolver/parse-target.ts'
import { systemClock } from '../../../wire/http2/http2.ts'

/** A target that is followed until the running test ends. */
export class FollowedTarget {
  /** How many lists were reported. */
  lists = 0
  /** The last error since the last list. */
  error: ConnectError | null = null
  #endpoints: readonly Endpoint[] = []

  constructor(text: string, factory: ResolverFactory) {
    const { target } = parseTarget(text, [factory])
    const resolver = factory.create(target, {
      clock: systemClock,
      random: () => 0.5,
      usesServiceConfig: true,
      listener: {
        onResult: ({ endpoints }) => {
          this.#take(endpoints)
          return null
        },
      },
    })
    onTestFinished(() => resolver.close())
    resolver.start()
  }

  /** The addresses of the last list, sorted. An error does not change it. */
  get addresses(): readonly string[] {
    return this.#endpoints.flatMap(({ addresses }) => addresses.map(addressText)).sort()
  }

  /** The attributes of the endpoint with an address. */
  attributesOf(address: string): Attributes | undefined {
    return this.#endpoints.find(({ addresses }) => addresses.map(addressText).includes(address))?.attributes
  }

  #take(endpoints: readonly Endpoint[] | ConnectError): void {
    if (endpoints instanceof ConnectError) {
      this.error = endpoints
      return
    }
    this.lists += 1
    this.error = null
    this.#endpoints = endpoints
  }
}
