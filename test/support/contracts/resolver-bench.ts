/** A bench for resolvers: manual time, recorded results. */
import { Code, ConnectError } from '@connectrpc/connect'
import { addressText } from '../../../client/node/contracts/endpoint.ts'
import type {
  Resolver,
  ResolverContext,
  ResolverFactory,
  ResolverResult,
} from '../../../client/node/contracts/resolver.ts'
import { parseTarget } from '../../../client/node/resolver/parse-target.ts'
import { ManualClock } from '../manual-clock.ts'

/** A resolver, and the channel that it sees. */
export class ResolverBench {
  readonly clock = new ManualClock()
  readonly results: ResolverResult[] = []
  readonly resolver: Resolver
  /** How the channel responds to results from now on. */
  rejection: ConnectError | null = null
  /** The random number that the resolver gets: in the middle, which means no jitter. */
  random = 0.5

  /** The service configs that the resolver received. */
  readonly usesServiceConfig: boolean

  constructor(text: string, factory: ResolverFactory, usesServiceConfig = true) {
    this.usesServiceConfig = usesServiceConfig
    const context: ResolverContext = {
      clock: this.clock,
      random: () => this.random,
      usesServiceConfig: this.usesServiceConfig,
      listener: {
        onResult: (result) => {
          this.results.push(result)
          return this.rejection
        },
      },
    }
    this.resolver = factory.create(parseTarget(text, [factory], factory.scheme).target, context)
  }

  /** The addresses of the last result, one endpoint each; or the error message. */
  get told(): string | readonly string[] | undefined {
    const endpoints = this.results.at(-1)?.endpoints
    if (endpoints === undefined) return undefined
    if (endpoints instanceof ConnectError) return endpoints.rawMessage
    return endpoints.map(({ addresses }) => addresses.map(addressText).join('|'))
  }

  /** Waits for everything that needs no time. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve))
  }

  async advance(ms: number): Promise<void> {
    this.clock.advance(ms)
    await this.settle()
  }
}

/** The channel's error for an unusable result. */
export const USELESS = new ConnectError('produced zero addresses', Code.Unavailable)
