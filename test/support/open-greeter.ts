/** Greeter clients, created as an application does. */
import { type Client, createClient } from '@connectrpc/connect'
import { onTestFinished } from 'vitest'
import { type ClientTransport, createTransport } from '../../client/node/transport.ts'
import type { TransportOptions } from '../../client/node/transport-options.ts'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'

/** A client, and its transport. */
export interface OpenGreeter {
  readonly transport: ClientTransport
  readonly client: Client<typeof GreeterService>
}

/** The transport is closed when the running test ends. */
export function openGreeter(options: TransportOptions): OpenGreeter {
  const transport = createTransport(options)
  onTestFinished(() => transport.close())
  return { transport, client: createClient(GreeterService, transport) }
}
