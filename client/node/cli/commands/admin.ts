/** `admin ADDRESS`: what a server shows of itself, and what can be changed while it runs. */
import { styleText } from 'node:util'
import { createClient } from '@connectrpc/connect'
import { Channelz } from '../../../../gen/channelz_pb.js'
import { Admin } from '../../../../gen/portico/admin/v1/admin_pb.js'
import { nearestName } from '../../../../wire/options/nearest-name.ts'
import { escapeJsonControls } from '../../../../wire/text/escape-controls.ts'
import { type ClientTransport, createTransport } from '../../transport.ts'
import { type AdminCaller, reload, setLogLevel, viewConfig, viewLogLevel, viewServer } from '../admin/admin-views.ts'
import { ChannelzReader } from '../admin/channelz-reader.ts'
import { viewChannels, viewServers, viewSockets } from '../admin/channelz-views.ts'
import type { AdminView } from '../admin/view.ts'
import type { FlagTable } from '../arguments/flag-table.ts'
import { readDurationMs, readUint32 } from '../arguments/flag-values.ts'
import type { FlagValues } from '../arguments/parse-arguments.ts'
import { addressFlag, takeAddress } from '../connection/address-flag.ts'
import { connectionFlags } from '../connection/connection.ts'
import { ADDRESS_HELP } from '../connection/parse-address.ts'
import { type TimeLimit, waitingFor } from '../connection/time-limit.ts'
import { withConnection } from '../connection/with-connection.ts'
import { type Io, writeLine } from '../terminal/io.ts'
import { UsageError } from '../terminal/program-errors.ts'
import { withShownHeaders } from '../terminal/show-headers.ts'
import { tableLines } from '../terminal/table.ts'
import { defineCommand } from './command.ts'

const DEFAULT_LIMIT = 1_000

const DESCRIPTION = `${ADDRESS_HELP}
WHAT is one of:
  server             what runs, since when, and its methods (the default)
  servers            the servers of the process, with their calls
  channels           the channels of its clients, with their subchannels
  sockets            the connections of both
  config             the effective configuration, without secrets
  log-level          the level of the log
  log-level LEVEL    sets it, with --for only for a time
  reload             reads certificates, policy files and the like again, as SIGHUP does; exits with 1 if a part failed
servers, channels and sockets work with every server that has grpc.channelz.v1; the others need portico.admin.v1.Admin.`

const flags = {
  json: { type: 'boolean', help: 'print JSON' },
  limit: {
    type: 'string',
    placeholder: 'N',
    help: `most servers, channels or sockets to read (default ${DEFAULT_LIMIT})`,
  },
  for: {
    type: 'string',
    placeholder: 'TIME',
    help: 'with log-level LEVEL: return to the configured level after this time',
  },
  ...addressFlag,
  ...connectionFlags,
} as const satisfies FlagTable

type Values = FlagValues<typeof flags>

/** A connected server. */
interface Connected {
  readonly reader: ChannelzReader
  readonly caller: AdminCaller
  readonly level: string | undefined
  readonly revertAfterMs: number | undefined
}

const VIEWS: ReadonlyMap<string, (connected: Connected) => Promise<AdminView>> = new Map([
  ['server', ({ caller }) => viewServer(caller)],
  ['servers', ({ reader }) => viewServers(reader)],
  ['channels', ({ reader }) => viewChannels(reader)],
  ['sockets', ({ reader }) => viewSockets(reader)],
  ['config', ({ caller }) => viewConfig(caller)],
  [
    'log-level',
    ({ caller, level, revertAfterMs }) =>
      level === undefined ? viewLogLevel(caller) : setLogLevel(caller, level, revertAfterMs),
  ],
  ['reload', ({ caller }) => reload(caller)],
])

/** Reads the admin services of a server. */
export const adminCommand = defineCommand({
  name: 'admin',
  operands: ['[ADDRESS]', '[WHAT]', '[LEVEL]'],
  summary: 'show the connections and the configuration of a server, set its log level, reload it',
  description: DESCRIPTION,
  flags,
  async execute(args, io) {
    const { values } = args
    const [address, [what = 'server', level]] = takeAddress(args, io, ['[WHAT]', '[LEVEL]'])
    if (VIEWS.has(address)) throw new UsageError(`ADDRESS is missing before ${address}`)
    const view = VIEWS.get(what)
    if (view === undefined) throw new UsageError(unknownView(what))
    const request = readRequest(what, level, values)
    await withConnection({ address, values, io }, async (connection, limit) => {
      const transport = createTransport(values.verbose ? withShownHeaders(connection, io.stderr) : connection)
      limit.defer(() => transport.close())
      limit.begin(() => waitingFor(transport, 'the answer'))
      await show(await view({ ...request, ...clientsOf(transport, limit, values) }), { values, io })
    })
  },
})

function unknownView(what: string): string {
  const nearest = nearestName(what, [...VIEWS.keys()])
  const advice = nearest === undefined ? `must be one of ${[...VIEWS.keys()].join(', ')}` : `did you mean ${nearest}?`
  return `unknown WHAT "${what}"; ${advice}`
}

function readRequest(
  what: string,
  level: string | undefined,
  values: Values,
): Pick<Connected, 'level' | 'revertAfterMs'> {
  if (level !== undefined && what !== 'log-level') throw new UsageError(`unexpected argument "${level}"`)
  if (values.for !== undefined && level === undefined) throw new UsageError('--for needs log-level LEVEL')
  return { level, revertAfterMs: values.for === undefined ? undefined : readDurationMs('--for', values.for) }
}

function clientsOf(transport: ClientTransport, limit: TimeLimit, values: Values): Pick<Connected, 'reader' | 'caller'> {
  const most = values.limit === undefined ? DEFAULT_LIMIT : readUint32('--limit', values.limit)
  return {
    reader: new ChannelzReader(createClient(Channelz, transport), limit, most),
    caller: { client: createClient(Admin, transport), limit },
  }
}

async function show(view: AdminView, { values, io }: { readonly values: Values; readonly io: Io }): Promise<void> {
  const lines = values.json ? [escapeJsonControls(JSON.stringify(view.json))] : linesOf(view, io)
  for (const line of lines) await writeLine(io.stdout, line)
  if (view.isCut) await writeLine(io.stderr, 'there are more: raise --limit to see them')
  if (view.failure !== undefined) throw new Error(view.failure)
}

/** On a terminal lines end at its edge, and the header is bold unless NO_COLOR is set. */
function linesOf({ header, rows }: AdminView, { stdout }: Io): string[] {
  const { columns } = stdout as { readonly columns?: number }
  // Some terminals say that they have no columns.
  const [first = '', ...others] = tableLines(header, rows, (stdout.isTTY && columns) || undefined)
  return [stdout.isTTY ? styleText('bold', first, { stream: stdout }) : first, ...others]
}
