/** Subchannels without sockets: manual time, and the test decides the outcome of each connection attempt. */
import { CONNECTION_BACKOFF } from '../../client/node/contracts/connection-backoff.ts'
import { HealthChecks } from '../../client/node/health/health-checks.ts'
import { ManagedSubchannel, type ManagedSubchannelOptions } from '../../client/node/subchannel/managed-subchannel.ts'
import { ownRequests } from '../../client/node/subchannel/own-requests.ts'
import { FakeConnector } from './fake-connector.ts'
import { ManualClock } from './manual-clock.ts'
import { NO_CREDENTIALS } from './no-credentials.ts'

/** A subchannel, and its dependencies. */
export interface FakeSubchannel {
  readonly subchannel: ManagedSubchannel
  readonly connector: FakeConnector
  readonly clock: ManualClock
}

/** Starts IDLE; its backoff has no jitter. */
export function openFakeSubchannel(options: Partial<ManagedSubchannelOptions> = {}): FakeSubchannel {
  const clock = new ManualClock()
  const connector = new FakeConnector()
  const subchannel = new ManagedSubchannel(
    { host: '192.0.2.1', port: 80 },
    {
      connector,
      clock,
      backoff: { ...CONNECTION_BACKOFF, jitter: 0 },
      random: () => 0.5,
      health: new HealthChecks(() => {}),
      headOf: ownRequests({
        isTls: false,
        authority: 'test',
        pathPrefix: '',
        userAgent: 'test',
        authenticator: NO_CREDENTIALS,
      }),
      ...options,
    },
  )
  return { subchannel, connector, clock }
}
