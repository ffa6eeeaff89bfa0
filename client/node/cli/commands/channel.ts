/** `channel ADDRESS`: the state of the connections to a server. */
import { escapeJsonControls } from '../../../../wire/text/escape-controls.ts'
import { ProcessHold } from '../../channel/process-hold.ts'
import { type OpenChannel, openChannel } from '../../open-channel.ts'
import { normalizeTransportOptions } from '../../transport-options.ts'
import type { FlagTable } from '../arguments/flag-table.ts'
import type { FlagValues } from '../arguments/parse-arguments.ts'
import { addressFlag, takeAddress } from '../connection/address-flag.ts'
import { dialFlags, readConnection } from '../connection/connection.ts'
import { ADDRESS_HELP } from '../connection/parse-address.ts'
import { type Io, writeLine } from '../terminal/io.ts'
import { UsageError } from '../terminal/program-errors.ts'
import { channelReport } from './channel-report.ts'
import { defineCommand } from './command.ts'
import { watchChannel } from './watch-channel.ts'

const DEFAULT_TIMEOUT_MS = 20_000

const DESCRIPTION = `${ADDRESS_HELP}
Without --watch it exits with 0 once the channel is READY, or with 1 after the timeout. With --watch it stays connected and
shows every change of the channel and of its addresses until interrupted.`

const flags = {
  watch: { type: 'boolean', short: 'w', help: 'show every change until interrupted' },
  json: { type: 'boolean', help: 'print JSON; with --watch, one object per line' },
  timeout: {
    type: 'string',
    placeholder: 'TIME',
    help: 'how long to wait for READY, such as 500ms or 5s (default 20s)',
  },
  ...addressFlag,
  ...dialFlags,
} as const satisfies FlagTable

/** Connects, and shows the state of the channel. */
export const channelCommand = defineCommand({
  name: 'channel',
  operands: ['[ADDRESS]'],
  summary: 'connect to a server, or to several, and show their state',
  description: DESCRIPTION,
  flags,
  async execute(args, io) {
    const { values } = args
    const [address] = takeAddress(args, io, [])
    if (values.watch && values.timeout !== undefined)
      throw new UsageError('--watch and --timeout cannot be used together')
    const { defaultTimeoutMs: timeoutMs = DEFAULT_TIMEOUT_MS, channel: options } = normalizeTransportOptions(
      await readConnection(address, values),
    )
    const opened = openChannel(options)
    const hold = new ProcessHold()
    hold.hold()
    try {
      if (values.watch) await watchChannel(opened, { io, isJson: values.json ?? false })
      else await show(opened, { values, timeoutMs, io })
    } finally {
      hold.close()
      await opened.close()
    }
  },
})

interface Showing {
  readonly values: FlagValues<typeof flags>
  readonly timeoutMs: number
  readonly io: Io
}

async function show(opened: OpenChannel, { values, timeoutMs, io }: Showing): Promise<void> {
  const isReady = await becomesReady(opened, AbortSignal.any([io.signal, AbortSignal.timeout(timeoutMs)]))
  io.signal.throwIfAborted()
  const inspection = opened.inspect()
  const lines = values.json ? [escapeJsonControls(JSON.stringify(inspection))] : channelReport(inspection)
  for (const line of lines) await writeLine(io.stdout, line)
  if (!isReady) throw new Error(`the channel is ${inspection.state}, and was not READY within ${timeoutMs} ms`)
}

async function becomesReady({ channel }: OpenChannel, signal: AbortSignal): Promise<boolean> {
  try {
    let state = channel.getState(true)
    while (state !== 'READY') {
      state = await channel.watchState(state, signal)
      if (state === 'IDLE') channel.connect()
    }
    return true
  } catch (error) {
    if (signal.aborted) return false
    throw error
  }
}
