/** Where clients find the servers of a fleet. */
import { rename, writeFile } from 'node:fs/promises'
import type { TransportOptions } from '../../client/node/transport-options.ts'

/** A place in which the servers of a fleet are listed, by the fleet or by themselves. */
export interface FleetPlace {
  /** How transports find the servers, share calls between them, and retry. */
  readonly transport: Pick<TransportOptions, 'target' | 'resolvers' | 'serviceConfig'>
  /** Arguments of the server program, by which servers list themselves. */
  readonly serverArguments: readonly string[]
  /** Lists these servers and no others, unless they list themselves. */
  publish(addresses: readonly string[]): Promise<void>
}

/** Calls every healthy server in turn, and retries failed calls. */
export const FLEET_SERVICE_CONFIG: NonNullable<TransportOptions['serviceConfig']> = {
  loadBalancingConfig: [{ round_robin: {} }],
  healthCheckConfig: { serviceName: '' },
  methodConfig: [
    {
      name: [{}],
      retryPolicy: {
        maxAttempts: 5,
        initialBackoff: '0.01s',
        maxBackoff: '0.1s',
        backoffMultiplier: 2,
        retryableStatusCodes: ['UNAVAILABLE'],
      },
    },
  ],
}

/** An endpoints file in an empty folder. It is replaced atomically, so that readers never see half of it. */
export function filePlace(folder: string): FleetPlace {
  const file = `${folder}/endpoints.json`
  return {
    transport: { target: `file://${file}` },
    serverArguments: [],
    async publish(endpoints) {
      await writeFile(`${file}.new`, JSON.stringify({ endpoints, serviceConfig: FLEET_SERVICE_CONFIG }))
      await rename(`${file}.new`, file)
    },
  }
}
