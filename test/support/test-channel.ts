/** Channels for tests: a resolver with fixed results, and a policy that uses the first address. */
import type { ConnectError } from '@connectrpc/connect'
import { Channel } from '../../client/node/channel/channel.ts'
import { CONNECTION_BACKOFF } from '../../client/node/contracts/connection-backoff.ts'
import type { Connector } from '../../client/node/contracts/connector.ts'
import type { Address } from '../../client/node/contracts/endpoint.ts'
import type {
  ChannelControlHelper,
  ConfiguredPolicy,
  LoadBalancer,
  LoadBalancerPolicy,
} from '../../client/node/contracts/load-balancer.ts'
import { failPicker, queuePicker } from '../../client/node/contracts/picker.ts'
import type { Resolver, ResolverListener } from '../../client/node/contracts/resolver.ts'
import type { Subchannel, SubchannelChange } from '../../client/node/contracts/subchannel.ts'
import { HealthChecks } from '../../client/node/health/health-checks.ts'
import { ownRequests } from '../../client/node/subchannel/own-requests.ts'
import { type Clock, systemClock } from '../../wire/http2/http2.ts'
import { NO_CREDENTIALS } from './no-credentials.ts'

/** What a test sets. */
export interface TestChannelOptions {
  readonly connector: Connector
  readonly address?: Address
  readonly clock?: Clock
  readonly idleTimeoutMs?: number
  /** Additional addresses. */
  readonly addresses?: readonly Address[]
  /** Replaces the policy that uses the first address. */
  readonly policy?: ConfiguredPolicy
  /** Creates a resolver to replace the one that finds `address` at once. */
  readonly createResolver?: (listener: ResolverListener) => Resolver
  /** Receives errors of resolver and policy. Default: ignored. */
  readonly onFault?: (fault: Error) => void
}

/** A channel to one address. */
export function createTestChannel({
  connector,
  address,
  clock = systemClock,
  ...options
}: TestChannelOptions): Channel {
  const { addresses = address === undefined ? [] : [address] } = options
  const endpoints = addresses.map((each) => ({ addresses: [each], attributes: {} }))
  return new Channel({
    target: 'test:///channel',
    createResolver: ({ listener }) =>
      options.createResolver?.(listener) ?? {
        start: () => queueMicrotask(() => listener.onResult({ endpoints })),
        resolveNow() {},
        close() {},
      },
    usesServiceConfig: true,
    choosePolicy: () => options.policy ?? { policy: firstAddress, config: null },
    connector,
    backoff: { ...CONNECTION_BACKOFF, jitter: 0 },
    clock,
    random: () => 0.5,
    headOf: ownRequests({
      isTls: false,
      authority: 'greeter.test',
      pathPrefix: '',
      userAgent: 'test',
      authenticator: NO_CREDENTIALS,
    }),
    health: new HealthChecks(() => {}),
    onFault: options.onFault ?? (() => {}),
    idleTimeoutMs: options.idleTimeoutMs ?? Number.POSITIVE_INFINITY,
  })
}

/** Connects to the first address, and reconnects whenever possible. */
const firstAddress: LoadBalancerPolicy = {
  name: 'first_address',
  parseConfig: () => null,
  create: (helper) => new FirstAddress(helper),
}

class FirstAddress implements LoadBalancer {
  readonly #helper: ChannelControlHelper
  #subchannel: Subchannel | null = null

  constructor(helper: ChannelControlHelper) {
    this.#helper = helper
  }

  update({ endpoints }: Parameters<LoadBalancer['update']>[0]): null {
    const address = endpoints[0]?.addresses[0]
    if (address === undefined || this.#subchannel !== null) return null
    this.#subchannel = this.#helper.createSubchannel(address, {})
    this.#subchannel.watch((change) => this.#onChange(change))
    this.#subchannel.connect()
    return null
  }

  resolverError(error: ConnectError): void {
    if (this.#subchannel === null) this.#helper.updateState('TRANSIENT_FAILURE', failPicker(error))
  }

  exitIdle(): void {
    this.#subchannel?.connect()
  }

  resetBackoff(): void {
    this.#subchannel?.resetBackoff()
  }

  destroy(): void {
    this.#subchannel?.shutdown()
  }

  #onChange({ state, error }: SubchannelChange): void {
    const subchannel = this.#subchannel
    if (subchannel === null) return
    if (state === 'READY') {
      this.#helper.updateState(state, { pick: () => ({ kind: 'complete', subchannel }) })
    } else if (error !== undefined) {
      this.#helper.updateState(state, failPicker(error))
    } else if (state === 'IDLE') {
      subchannel.connect()
      this.#helper.requestReresolution()
      this.#helper.updateState('CONNECTING', queuePicker)
    }
  }
}
