/** `health ADDRESS`: whether a server, or one of its services, is serving. A probe for scripts and containers. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Client, Code, ConnectError, createClient } from '@connectrpc/connect'
import { codeToString } from '@connectrpc/connect/protocol-connect'
import { Health, HealthCheckResponse_ServingStatus as WireStatus } from '../../../../gen/health/v1/health_pb.js'
import { escapeJsonControls, printable } from '../../../../wire/text/escape-controls.ts'
import { createTransport } from '../../transport.ts'
import type { FlagTable } from '../arguments/flag-table.ts'
import { addressFlag, takeAddress } from '../connection/address-flag.ts'
import { connectionFlags } from '../connection/connection.ts'
import { ADDRESS_HELP } from '../connection/parse-address.ts'
import { type TimeLimit, waitingFor } from '../connection/time-limit.ts'
import { withConnection } from '../connection/with-connection.ts'
import { type Io, writeLine } from '../terminal/io.ts'
import { NotServingError, UsageError } from '../terminal/program-errors.ts'
import { withShownHeaders } from '../terminal/show-headers.ts'
import { defineCommand } from './command.ts'

const DEFAULT_TIMEOUT = '5s'

/** How long to wait before a broken watch is opened again. */
const RECONNECT_MS = 1_000

const DESCRIPTION = `${ADDRESS_HELP}
Asks grpc.health.v1.Health and prints the status. It exits with 0 if that is SERVING, with 4 if it is anything else, with 69 if
the server does not know the service, with 78 if the server cannot be reached, and with 68 after the timeout.
With --watch it prints every change until interrupted, and reconnects when the connection is lost.`

const flags = {
  service: {
    type: 'string',
    short: 's',
    placeholder: 'NAME',
    help: 'the full name of a service (default: the whole server)',
  },
  watch: { type: 'boolean', short: 'w', help: 'print every change until interrupted' },
  json: { type: 'boolean', help: 'print JSON; with --watch, one object per line' },
  ...addressFlag,
  ...connectionFlags,
  timeout: {
    type: 'string',
    placeholder: 'TIME',
    help: `time limit without --watch, such as 500ms or 2s (default ${DEFAULT_TIMEOUT})`,
  },
} as const satisfies FlagTable

/** Whose health to ask for, and where to print it. */
interface Probe {
  readonly client: Client<typeof Health>
  readonly service: string
  readonly isJson: boolean
  readonly io: Io
}

/** The probe. */
export const healthCommand = defineCommand({
  name: 'health',
  operands: ['[ADDRESS]'],
  summary: 'check whether a server, or one of its services, is serving',
  description: DESCRIPTION,
  flags,
  async execute(args, io) {
    const { watch: isWatching = false, service = '', json: isJson = false } = args.values
    const [address] = takeAddress(args, io, [])
    if (isWatching && args.values.timeout !== undefined) {
      throw new UsageError('--watch and --timeout cannot be used together')
    }
    const values = isWatching ? args.values : { ...args.values, timeout: args.values.timeout ?? DEFAULT_TIMEOUT }
    await withConnection({ address, values, io }, async (connection, limit) => {
      const transport = createTransport(values.verbose ? withShownHeaders(connection, io.stderr) : connection)
      limit.defer(() => transport.close())
      limit.begin(() => waitingFor(transport, 'the status'))
      const probe = { client: createClient(Health, transport), service, isJson, io }
      await (isWatching ? watch(probe) : check(probe, limit))
    })
  },
})

async function check({ client, service, isJson, io }: Probe, limit: TimeLimit): Promise<void> {
  const answer = await client.check({ service }, limit.callOptions())
  const status = nameOf(answer.status)
  await writeLine(io.stdout, isJson ? JSON.stringify({ service, status }) : status)
  if (answer.status === WireStatus.SERVING) return
  throw new NotServingError(`${service === '' ? 'the server' : service} is ${status}`)
}

/** A watch that has never been answered fails; a later loss is one more change. Returns when interrupted. */
async function watch(probe: Probe): Promise<void> {
  const { io } = probe
  let hasAnswered = false
  for (;;) {
    try {
      for await (const { status } of probe.client.watch({ service: probe.service }, { signal: io.signal })) {
        hasAnswered = true
        await show(probe, nameOf(status))
      }
      throw new ConnectError('the server ended the watch', Code.Unavailable)
    } catch (error) {
      if (io.signal.aborted) return
      if (!hasAnswered || !(error instanceof ConnectError)) throw error
      await show(probe, null, `${codeToString(error.code)}: ${error.rawMessage}`)
      await sleep(RECONNECT_MS, undefined, { signal: io.signal }).catch(() => {})
      if (io.signal.aborted) return
    }
  }
}

/** @param status null while the server cannot be reached */
async function show({ service, isJson, io }: Probe, status: string | null, reason?: string): Promise<void> {
  const at = new Date().toISOString()
  const line = isJson
    ? escapeJsonControls(JSON.stringify({ at, service, status, error: reason ?? null }))
    : printable(`${at} ${status ?? `no answer: ${reason}`}`)
  await writeLine(io.stdout, line)
}

/** Statuses of later versions of the protocol have a number only. */
function nameOf(status: WireStatus): string {
  return WireStatus[status] ?? String(status)
}
